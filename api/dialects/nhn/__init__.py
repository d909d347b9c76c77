"""NHN Cloud's Document OCR, wire for wire, versions 2.0 and 2.1."""
