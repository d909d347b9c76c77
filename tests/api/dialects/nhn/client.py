"""A client of NHN Cloud's Document OCR v2.0 as its guide describes it: fetches a key, seals, posts, opens."""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import load_der_public_key


class Sealer:
    """One request's symmetric key: 32 random bytes, IV = the first 16 of them, AES-256/CBC/PKCS7Padding."""

    def __init__(self):
        self.key = secrets.token_bytes(32)

    def _cipher(self):
        return Cipher(algorithms.AES(self.key), modes.CBC(self.key[:16]))

    def seal(self, plain):
        padder = block_padding.PKCS7(128).padder()
        encryptor = self._cipher().encryptor()
        return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()

    def seal_text(self, text):
        return base64.b64encode(self.seal(text.encode())).decode()

    def open_text(self, value):
        decryptor = self._cipher().decryptor()
        unpadder = block_padding.PKCS7(128).unpadder()
        padded = decryptor.update(base64.b64decode(value)) + decryptor.finalize()
        return (unpadder.update(padded) + unpadder.finalize()).decode()

    def under(self, public_key):
        return base64.b64encode(load_der_public_key(public_key).encrypt(self.key, padding.PKCS1v15())).decode()


class Answer:
    """The envelope of an answer, always HTTP 200."""

    def __init__(self, response, sealer):
        assert response.status_code == 200, response.text
        body = response.json()
        assert set(body["header"]) == {"isSuccessful", "resultCode", "resultMessage"}
        assert body["header"]["isSuccessful"] is (body["header"]["resultCode"] == 0)
        assert ("result" in body) is body["header"]["isSuccessful"], response.text
        self.body, self.headers, self.sealer = body, response.headers, sealer
        self.code = body["header"]["resultCode"]
        self.message = body["header"]["resultMessage"]
        self.result = body.get("result")
        self.request_key = response.headers.get("Request-Key")

    def open(self, value):
        return self.sealer.open_text(value)

    def key_values(self):
        return {one["key"]: self.open(one["value"]) for one in self.result["keyValues"]}


class Client:
    """Every operation of the guide. `http` is anything with httpx's `request`."""

    sealer = Sealer

    def __init__(self, http, app_key, secret_key, *, version="v2.0", token=None):
        self.http, self.version, self.app_key = http, version, app_key
        self.credentials = {"Authorization": secret_key}
        if token is not None:
            self.credentials = {"Authorization": "", "X-NHN-Authorization": f"Bearer {token}"}

    def url(self, path):
        return f"/{self.version}/appkeys/{self.app_key}/{path}"

    def send(self, method, path, sealer=None, **more):
        headers = {**self.credentials, **more.pop("headers", {})}
        return Answer(self.http.request(method, self.url(path), headers=headers, **more), sealer)

    def public_key(self, service):
        answer = self.send("GET", f"public-keys/{service}")
        assert answer.code == 0, answer.body
        return base64.b64decode(answer.result["key"], validate=True), answer.result["version"]

    def envelope(self, service, sealer):
        key, version = self.public_key(service)
        return {"X-Key-Version": version, "Symmetric-Key": sealer.under(key)}

    def picture(self, path, picture, *, service="id-card", as_text=False, headers=None, sealer=None):
        sealer = sealer or Sealer()
        sealed = sealer.seal(picture)
        headers = {**self.envelope(service, sealer), **(headers or {})}
        content = base64.b64encode(sealed) if as_text else sealed
        return self.send("POST", path, sealer, headers=headers, files={"image": ("sample.png", content)})

    def credit_card(self, picture, **more):
        return self.picture("credit-card", picture, service="credit-card", **more)

    def id_card(self, picture, **more):
        return self.picture("id-card", picture, **more)

    def id_card_alone(self, picture, **more):
        return self.picture("id-card/stand-alone", picture, **more)

    def authenticity(self, request_key, id_type, *, plain=("expirationDate",), headers=None, **values):
        sealer = Sealer()
        headers = {**self.envelope("id-card", sealer), "Request-Key": request_key, **(headers or {})}
        sealed = {name: value if name in plain else sealer.seal_text(value) for name, value in values.items()}
        return self.send("POST", "id-card/authenticity", sealer, headers=headers, json={"idType": id_type, **sealed})
