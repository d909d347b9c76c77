"""States that issue our specimens: codes, printed names and ground colours, as data. No person and no number here."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]  #: red, green, blue, 0..255


@dataclass(frozen=True, slots=True)
class State:
    """A state as a document prints it. `hue` colours the ground."""

    code: str  #: as in the machine readable zone, without fillers. ICAO Doc 9303-3, section 5
    name: str
    native_name: str
    origin: str  #: which names its people carry; a key of `people.ORIGINS`
    hue: Colour
    passport_word: str
    number_pattern: str  #: `#` a digit, `@` a letter, anything else itself

    @property
    def mrz_code(self) -> str:
        """Three places, filled."""
        return self.code.ljust(3, "<")


def _state(line: str) -> State:
    code, name, native, origin, hue, word, pattern = (part.strip() for part in line.split("|"))
    red, green, blue = (int(hue[at : at + 2], 16) for at in (0, 2, 4))
    return State(code, name, native, origin, (red, green, blue), word, pattern)


STATES: tuple[State, ...] = tuple(
    _state(line)
    for line in """
UTO|UTOPIA|UTOPIE|latin|8fb6c9|PASSEPORT|@######@#
KGZ|KYRGYZ REPUBLIC|КЫРГЫЗ РЕСПУБЛИКАСЫ|turkic|c98f8f|ПАСПОРТ|ID#######
KAZ|REPUBLIC OF KAZAKHSTAN|ҚАЗАҚСТАН РЕСПУБЛИКАСЫ|turkic|7fc3d6|ТӨЛҚҰЖАТ|#########
UZB|REPUBLIC OF UZBEKISTAN|OʻZBEKISTON RESPUBLIKASI|turkic|8fc9a6|PASPORT|@@#######
TJK|REPUBLIC OF TAJIKISTAN|ҶУМҲУРИИ ТОҶИКИСТОН|turkic|c9a68f|ШИНОСНОМА|#########
TKM|TURKMENISTAN|TÜRKMENISTAN|turkic|8fc98f|PASPORT|@#######
TUR|REPUBLIC OF TÜRKIYE|TÜRKİYE CUMHURİYETİ|turkic|d69a9a|PASAPORT|@##@#####
AZE|REPUBLIC OF AZERBAIJAN|AZERBAYCAN RESPUBLİKASI|turkic|8fd0c9|PASPORT|@########
RUS|RUSSIAN FEDERATION|РОССИЙСКАЯ ФЕДЕРАЦИЯ|slavic|d0a0a8|ПАСПОРТ|#########
UKR|UKRAINE|УКРАЇНА|slavic|a6c0e0|ПАСПОРТ|@@######
BLR|REPUBLIC OF BELARUS|РЭСПУБЛІКА БЕЛАРУСЬ|slavic|b8cfa0|ПАШПАРТ|@@#######
POL|REPUBLIC OF POLAND|RZECZPOSPOLITA POLSKA|slavic|d6aab8|PASZPORT|@@#######
CZE|CZECH REPUBLIC|ČESKÁ REPUBLIKA|slavic|d9a8cf|CESTOVNÍ PAS|########
SVK|SLOVAK REPUBLIC|SLOVENSKÁ REPUBLIKA|slavic|a8b8dd|CESTOVNÝ PAS|@@#######
SVN|REPUBLIC OF SLOVENIA|REPUBLIKA SLOVENIJA|slavic|a0cfdd|POTNI LIST|@@#######
HRV|REPUBLIC OF CROATIA|REPUBLIKA HRVATSKA|slavic|e0a8a8|PUTOVNICA|#########
SRB|REPUBLIC OF SERBIA|РЕПУБЛИКА СРБИЈА|slavic|b5a8d9|ПАСОШ|#########
BIH|BOSNIA AND HERZEGOVINA|BOSNA I HERCEGOVINA|slavic|c9c38f|PASOŠ|@#######
BGR|REPUBLIC OF BULGARIA|РЕПУБЛИКА БЪЛГАРИЯ|slavic|a5d0a0|ПАСПОРТ|#########
MKD|NORTH MACEDONIA|СЕВЕРНА МАКЕДОНИЈА|slavic|e0b890|ПАСОШ|@#######
ROU|ROMANIA|ROMÂNIA|romance|d5b8dd|PAȘAPORT|########
MDA|REPUBLIC OF MOLDOVA|REPUBLICA MOLDOVA|romance|b0a8e0|PAȘAPORT|@@#######
HUN|HUNGARY|MAGYARORSZÁG|uralic|b5d9b0|ÚTLEVÉL|@@#######
FIN|FINLAND|SUOMI|uralic|a8cbe8|PASSI|@@#######
EST|REPUBLIC OF ESTONIA|EESTI VABARIIK|uralic|9cbfd9|PASS|@@#######
LVA|REPUBLIC OF LATVIA|LATVIJAS REPUBLIKA|baltic|d0a8a8|PASE|@@#######
LTU|REPUBLIC OF LITHUANIA|LIETUVOS RESPUBLIKA|baltic|d9d0a0|PASAS|########
D|FEDERAL REPUBLIC OF GERMANY|BUNDESREPUBLIK DEUTSCHLAND|germanic|d9c0b0|REISEPASS|@##@@##@#
AUT|REPUBLIC OF AUSTRIA|REPUBLIK ÖSTERREICH|germanic|e0b0b0|REISEPASS|@#######
CHE|SWITZERLAND|SCHWEIZ SUISSE SVIZZERA|germanic|e8b5b0|PASS|@#######
LUX|LUXEMBOURG|LËTZEBUERG|germanic|b8d4e8|PASS|@@@#####
NLD|KINGDOM OF THE NETHERLANDS|KONINKRIJK DER NEDERLANDEN|germanic|dcb0c4|PASPOORT|@@@@#@@##
BEL|KINGDOM OF BELGIUM|KONINKRIJK BELGIË|germanic|d0b0bc|PASPOORT|@@######
GBR|UNITED KINGDOM|GREAT BRITAIN AND NORTHERN IRELAND|germanic|b0b8e0|PASSEPORT|#########
IRL|IRELAND|ÉIRE|germanic|a8d9b8|PAS|@@#######
USA|UNITED STATES OF AMERICA|ÉTATS-UNIS D'AMÉRIQUE|germanic|b8c4e0|PASSEPORT|#########
CAN|CANADA|CANADA|germanic|d8d4c0|PASSEPORT|@@######
AUS|AUSTRALIA|AUSTRALIE|germanic|a8c8c0|PASSEPORT|@@#######
NZL|NEW ZEALAND|AOTEAROA|germanic|a0b8b8|URUWHENUA|@@######
SWE|SWEDEN|SVERIGE|nordic|b0cce8|PASS|########
NOR|NORWAY|NORGE|nordic|e0a8a0|PASS|@@@######
DNK|DENMARK|DANMARK|nordic|e4b4ac|PAS|#########
ISL|ICELAND|ÍSLAND|nordic|a8c4e4|VEGABRÉF|@#######
FRA|FRENCH REPUBLIC|RÉPUBLIQUE FRANÇAISE|romance|b8b8d8|PASSEPORT|##@@#####
ITA|ITALIAN REPUBLIC|REPUBBLICA ITALIANA|romance|b8d8b8|PASSAPORTO|@@#######
ESP|SPAIN|ESPAÑA|romance|e4c8a0|PASAPORTE|@@@######
PRT|PORTUGAL|PORTUGAL|romance|b4d4a8|PASSAPORTE|@@######
BRA|FEDERATIVE REPUBLIC OF BRAZIL|REPÚBLICA FEDERATIVA DO BRASIL|romance|b0d8c4|PASSAPORTE|@@######
MEX|UNITED MEXICAN STATES|ESTADOS UNIDOS MEXICANOS|romance|a8d0b0|PASAPORTE|@########
ARG|ARGENTINE REPUBLIC|REPÚBLICA ARGENTINA|romance|b4d4ec|PASAPORTE|@@@######
GRC|HELLENIC REPUBLIC|ΕΛΛΗΝΙΚΗ ΔΗΜΟΚΡΑΤΙΑ|greek|a8c0e8|ΔΙΑΒΑΤΗΡΙΟ|@@#######
CYP|REPUBLIC OF CYPRUS|ΚΥΠΡΙΑΚΗ ΔΗΜΟΚΡΑΤΙΑ|greek|dccca0|ΔΙΑΒΑΤΗΡΙΟ|@########
GEO|GEORGIA|GEORGIE|caucasian|e0b4ac|PASSEPORT|##@@#####
ARM|REPUBLIC OF ARMENIA|ARMÉNIE|caucasian|d8b8a4|PASSEPORT|@@#######
ALB|REPUBLIC OF ALBANIA|REPUBLIKA E SHQIPËRISË|romance|dca4a4|PASAPORTË|@@#######
AFG|AFGHANISTAN|AFGHANISTAN|arabic|c8c0b0|PASSEPORT|@########
IRN|ISLAMIC REPUBLIC OF IRAN|IRAN|arabic|c4a8ac|PASSEPORT|@########
IRQ|REPUBLIC OF IRAQ|IRAK|arabic|b0c8a8|PASSEPORT|@########
ARE|UNITED ARAB EMIRATES|EMIRATS ARABES UNIS|arabic|b0d0b8|PASSEPORT|@########
EGY|ARAB REPUBLIC OF EGYPT|EGYPTE|arabic|b8c8a0|PASSEPORT|@########
MAR|KINGDOM OF MOROCCO|MAROC|arabic|b8d4b0|PASSEPORT|@@#######
TUN|REPUBLIC OF TUNISIA|TUNISIE|arabic|dcb0a8|PASSEPORT|@######
ISR|STATE OF ISRAEL|ISRAEL|arabic|b4c4e4|PASSEPORT|########
PAK|ISLAMIC REPUBLIC OF PAKISTAN|PAKISTAN|indic|b0d0b0|PASSEPORT|@@#######
IND|REPUBLIC OF INDIA|भारत गणराज्य|indic|c8bcd8|PASSEPORT|@#######
NPL|NEPAL|NEPAL|indic|d8b4c0|PASSEPORT|########
BGD|BANGLADESH|BANGLADESH|indic|b0d4b8|PASSEPORT|@@#######
IDN|REPUBLIC OF INDONESIA|REPUBLIK INDONESIA|malay|b4d0d8|PASPOR|@#######
MYS|MALAYSIA|MALAYSIA|malay|c0b4e0|PASPORT|@########
SGP|REPUBLIC OF SINGAPORE|SINGAPURA|sinitic|dcb4b8|PASPORT|@#######@
PHL|REPUBLIC OF THE PHILIPPINES|REPUBLIKA NG PILIPINAS|romance|b4b8e4|PASAPORTE|@#######@
THA|KINGDOM OF THAILAND|THAILANDE|indic|d8c4a0|PASSEPORT|@@#######
VNM|SOCIALIST REPUBLIC OF VIET NAM|CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM|sinitic|c8d8a8|HỘ CHIẾU|@#######
CHN|PEOPLE'S REPUBLIC OF CHINA|中华人民共和国|sinitic|d4b4a8|护照|@########
TWN|REPUBLIC OF CHINA|中華民國|sinitic|b0d4d0|護照|#########
HKG|HONG KONG|香港特別行政區|sinitic|b8d0e4|護照|@########
MAC|MACAO|澳門特別行政區|sinitic|b0d8c4|護照|@########
JPN|JAPAN|日本国|nippon|dcb8bc|旅券|@@#######
KOR|REPUBLIC OF KOREA|대한민국|hangul|b4cce4|여권|@###@####
MNG|MONGOLIA|МОНГОЛ УЛС|turkic|a8c0dc|ПАСПОРТ|@#######
NGA|FEDERAL REPUBLIC OF NIGERIA|NIGERIA|bantu|a8d4a8|PASSEPORT|@########
KEN|REPUBLIC OF KENYA|JAMHURI YA KENYA|bantu|a8c8dc|PASIPOTI|@@######
TZA|UNITED REPUBLIC OF TANZANIA|TANZANIA|bantu|b0d4c8|PASIPOTI|@@######
ETH|ETHIOPIA|ETHIOPIE|bantu|d4d0a0|PASSEPORT|@@#######
ZAF|REPUBLIC OF SOUTH AFRICA|AFRIQUE DU SUD|bantu|c4d0a4|PASSEPORT|@########
SEN|REPUBLIC OF SENEGAL|RÉPUBLIQUE DU SÉNÉGAL|bantu|b4d4a8|PASSEPORT|@########
GHA|REPUBLIC OF GHANA|GHANA|bantu|d4c49c|PASSEPORT|@#######
UNO|UNITED NATIONS|NATIONS UNIES|latin|a8d0ec|LAISSEZ-PASSER|@########
EUE|EUROPEAN UNION|UNION EUROPÉENNE|latin|a8b4e8|LAISSEZ-PASSER|@@#######
RKS|REPUBLIC OF KOSOVO|REPUBLIKA E KOSOVËS|romance|a8b8e0|PASAPORTË|@#######
ZWE|ZIMBABWE|ZIMBABWE|bantu|c8d8a0|PASSEPORT|@@######
""".strip().splitlines()
)

_FURTHER = """
DZA AGO ATG BHS BHR BRB BLZ BEN BTN BOL BWA BRN BFA BDI KHM CMR CPV CAF TCD CHL COL COM COG COD CRI CIV CUB DJI DMA
DOM ECU SLV GNQ ERI SWZ FJI GAB GMB GRD GTM GIN GNB GUY HTI HND JAM JOR KIR PRK KWT LAO LBN LSO LBR LBY LIE MDG MWI
MDV MLI MLT MHL MRT MUS FSM MCO MNE MOZ MMR NAM NRU NIC NER OMN PLW PSE PAN PNG PRY PER QAT RWA KNA LCA VCT WSM SMR
STP SAU SYC SLE SLB SOM SSD LKA SDN SUR SYR TLS TGO TON TTO TUV UGA URY VUT VAT VEN YEM ZMB GBD GBN GBO GBP GBS
XXA XXB XXC XXX UNA UNK XOM XPO
"""

#: Further codes that stand in the nationality or issuing field. ICAO Doc 9303-3, section 5
OTHER_CODES: tuple[str, ...] = (*_FURTHER.split(),)

BY_CODE: dict[str, State] = {state.code: state for state in STATES}
