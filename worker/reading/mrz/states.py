"""Codes of issuing states and nationalities. ICAO Doc 9303-3, section 5; who is asked to show one is in `parse`."""

from __future__ import annotations

#: ISO 3166-1 alpha-3.
COUNTRIES = frozenset(
    """
    ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH BLM BLR
    BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW CXR CYM CYP
    CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB
    GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN
    KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD
    MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN
    PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM
    SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR
    UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE
    """.split()  # noqa: SIM905 - a table reads better as one block
)

#: Codes that 9303-3, section 5, parts A to D, adds to or uses instead of ISO 3166-1; RKS is in use for Kosovo.
SPECIAL = frozenset(
    """
    D GBD GBN GBO GBP GBS EUE RKS UNO UNA UNK XBA XCE XCO XCT XDC XEC XES XIM XMP XOM XPO XSA XXA XXB XXC XXX
    """.split()  # noqa: SIM905 - as above
)

#: Utopia, the state of the specimens in 9303 itself.
SPECIMEN = frozenset({"UTO"})

#: Written by states that no longer exist, on documents that may still be shown.
FORMER = frozenset({"ANT", "NTZ", "SCG", "YUG", "ZAR"})

KNOWN = COUNTRIES | SPECIAL | SPECIMEN | FORMER

#: Only nationalities, never issuing states: stateless, refugees, unspecified and the classes of British nationals.
NATIONALITY_ONLY = frozenset({"GBD", "GBN", "GBO", "GBP", "GBS", "XXA", "XXB", "XXC", "XXX"})


def is_known(code: str) -> bool:
    """True when `code`, without its fillers, is a state, an organization or a class of persons."""
    return code in KNOWN
