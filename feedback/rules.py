"""Query codes: what only the sender holds. Values in, answer out."""

import hashlib
import secrets

# No 0 and O, 1, I and L: a code is copied by hand and read out on the telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 16
GROUP = 4


def new_code() -> str:
    """A fresh query code, “ABCD-EFGH-JKMN-PQRS”: 31¹⁶ of them, so that none is guessed and none needs a salt."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(signs[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def code_digest(typed: str) -> str:
    """SHA-256 (hex) of a code as people type it: case, spaces and dashes make no difference."""
    signs = "".join(sign for sign in typed.upper() if sign.isascii() and sign.isalnum())
    return hashlib.sha256(signs.encode()).hexdigest()


def content_digest(subject: str, body: str) -> str:
    """What the ledger keeps of a complaint instead of its words."""
    return hashlib.sha256(f"{subject}\n{body}".encode()).hexdigest()
