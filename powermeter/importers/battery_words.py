"""Words for the state of a battery in the languages that logs were met in, without their accents."""

from __future__ import annotations

import unicodedata

STATE_NAMES = frozenset({"status", "state", "zustand", "etat", "estado", "stato"})
"""Columns that may state it: their words decide."""

OWN_STATE_NAMES = frozenset(
    f"{battery}{between}{state}"
    for between in ("", " ")
    for battery, state in (
        *(("batterie", "status"), ("akku", "status"), ("lade", "status"), ("lade", "zustand")),
        *(("batterie", "zustand"), ("akku", "zustand"), ("etat", "batterie"), ("etat", "charge")),
        *(("estado", "bateria"), ("estado", "carga"), ("stato", "batteria"), ("stato", "carica")),
        *(("etat de", " la batterie"), ("estado de", " la bateria"), ("stato della", " batteria")),
    )
)
"""Columns that state nothing else, if their words are a battery's: `Ladezustand` may be per cent as well."""

CHARGING = frozenset(
    (
        *("charging", "fast charging", "trickle charging", "charge"),
        *("laden", "ladt", "laedt", "wird geladen", "aufladen", "schnellladen"),
        *("en charge", "charge en cours", "se charge"),
        *("cargando", "carga", "en carga", "cargandose"),
        *("in carica", "in ricarica", "carica", "ricarica"),
    )
)
DISCHARGING = frozenset(
    (
        *("discharging", "discharge", "on battery", "unplugged"),
        *("entladen", "entladt", "entlaedt", "wird entladen", "akkubetrieb", "batteriebetrieb"),
        *("decharge", "en decharge", "se decharge", "sur batterie"),
        *("descargando", "descarga", "en descarga", "descargandose", "con bateria"),
        *("in scarica", "scarica", "si scarica", "a batteria"),
    )
)
STANDING = frozenset(
    (
        *("full", "not charging", "fully charged", "charged", "pending charge", "pending discharge"),
        *(
            "notcharging",
            "voll",
            "geladen",
            "vollgeladen",
            "voll geladen",
            "ladt nicht",
            "wird nicht geladen",
        ),
        *("chargee", "pleine", "completement chargee", "pas en charge", "ne charge pas"),
        *("cargada", "cargado", "llena", "completa", "carga completa", "no carga", "sin cargar"),
        *("carica completa", "completamente carica", "piena", "non in carica"),
    )
)


def plain(text: str) -> str:
    """Return a text in lower case without accents, its words divided by one blank each."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return " ".join(bare.replace("_", " ").replace("-", " ").split())
