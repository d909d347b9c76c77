"""The secrets of one machine's idmill: random at first start, then kept in `secrets.env`. None is ever an argument."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cli import env_files

_COMMENT = "Made by idmill at its first start here. Without it nobody can read what is stored: keep it, tell nobody."


@dataclass(frozen=True, slots=True)
class OwnSecrets:
    """Everything `idmill up` must not forget between two starts."""

    key_pepper: str = field(repr=False)
    vault_keys: str = field(repr=False)
    postgres_superuser_password: str = field(repr=False)
    postgres_password: str = field(repr=False)
    valkey_password: str = field(repr=False)
    flower_password: str = field(repr=False)

    def settings(self) -> dict[str, str]:
        """Those that `core.settings` reads, as environment variables."""
        return {"IDMILL_KEY_PEPPER": self.key_pepper, "IDMILL_VAULT_KEYS": self.vault_keys}


def fresh() -> OwnSecrets:
    """New random ones, 256 bits each; those for services are letters and digits."""
    return OwnSecrets(
        key_pepper=secrets.token_hex(32),
        vault_keys="k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        postgres_superuser_password=secrets.token_hex(32),
        postgres_password=secrets.token_hex(32),
        valkey_password=secrets.token_hex(32),
        flower_password=secrets.token_hex(32),
    )


def kept_in(var: Path) -> OwnSecrets:
    """Those of the state directory `var`; made when there are none, completed when a release needs more."""
    path = var / "secrets.env"
    kept = env_files.read(path)
    made = fresh()
    names = {name: f"IDMILL_{name.upper()}" for name in OwnSecrets.__slots__}
    values = {name: kept.get(variable) or getattr(made, name) for name, variable in names.items()}
    if any(variable not in kept for variable in names.values()):
        env_files.write(path, {names[name]: value for name, value in values.items()}, comment=_COMMENT)
    return OwnSecrets(**values)
