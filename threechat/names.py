"""Names that look alike, so that a guest cannot pass for an account."""

import unicodedata

# Letters, signs and marks that show nothing (the rest of Unicode's Default_Ignorable_Code_Point is category C).
BLANK = dict.fromkeys(map(ord, "\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f")) | (
    dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])  # variation selectors
)

# Letters that a reader takes for the Latin one; the common part of Unicode's confusables
# (UTS 39, https://www.unicode.org/reports/tr39/).
LOOK_ALIKES = str.maketrans(
    {
        "а": "a", "α": "a", "ɑ": "a", "в": "b", "β": "b", "ь": "b", "с": "c", "ϲ": "c", "ԁ": "d", "е": "e", "ε": "e",
        "є": "e", "ɡ": "g", "һ": "h", "н": "h", "η": "h", "і": "i", "ι": "i", "ı": "i", "l": "i", "1": "i", "|": "i",
        "ӏ": "i", "ј": "j", "κ": "k", "к": "k", "м": "m", "μ": "m", "п": "n", "ո": "n", "о": "o", "ο": "o", "σ": "o",
        "0": "o", "օ": "o", "р": "p", "ρ": "p", "ԛ": "q", "г": "r", "ѕ": "s", "5": "s", "т": "t", "τ": "t", "υ": "u",
        "ս": "u", "ν": "v", "ѵ": "v", "ԝ": "w", "ω": "w", "х": "x", "χ": "x", "у": "y", "γ": "y", "ʏ": "y", "ζ": "z",
    }
    | dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡᴢ", "abcdefghijkimnoprstuvwz", strict=True))  # small capitals
    | dict(zip("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", "abcdefghijkimnoprstuvwxyz", strict=True))  # Lisu
    | dict(zip("ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᏃ", "abcdeghijkimprstvwz", strict=True))  # Cherokee
)  # fmt: skip


def skeleton(name: str) -> str:
    """What is left of a name when case, width, accents, invisible characters and look-alikes do not count."""
    folded = unicodedata.normalize("NFKD", readable(name).casefold())
    visible = (char for char in folded if char.isalnum() or unicodedata.category(char)[0] in "PS")
    return "".join(visible).translate(LOOK_ALIKES)


def readable(text: str) -> str:
    """A name on one line without control, format or direction characters, which could pose as another's."""
    kept = (
        char
        for char in unicodedata.normalize("NFKC", text).translate(BLANK)
        if unicodedata.category(char)[0] not in "C"
    )
    return " ".join("".join(kept).split())
