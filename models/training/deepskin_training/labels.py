"""The seven diagnoses of HAM10000 and which of them count as malignant."""

DIAGNOSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
MALIGNANT = ("akiec", "bcc", "mel")
MALIGNANT_INDICES = tuple(DIAGNOSES.index(code) for code in MALIGNANT)
