"""The MyKAD OCR API as an application of its own: one path, ten fields, errors of one shape."""
