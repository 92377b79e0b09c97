"""What clips are signed with: the studio's own key and certificate, or those of its host.

The studio's own are made at the first start, for each data folder once: a certificate that a C2PA reader
accepts must not be self-signed, so an issuer is made with it, whose key is thrown away.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from db.credentials import KNOWN
from gen.scratch import locked

if TYPE_CHECKING:  # the render's process signs too, and needs neither settings nor a database
    from gen.settings import WorkerSettings

OWN = "signing.pem"
"""Key, certificate and issuer in one file, so that they are there together or not at all."""
LASTS = timedelta(days=3650)
"""Nobody stamps the time into our files, so a reader doubts all of them once their certificate is over."""
RENEWED = timedelta(days=30)
"""Before its end, the studio's own certificate is made anew."""
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
"""The C2PA's own key usage; readers from before it know e-mail protection."""
WHOSE = "SORA_CREDENTIALS_CERTIFICATE and SORA_CREDENTIALS_KEY"


class BadCertificate(Exception):
    """Nothing can be signed; the message is one sentence for the host, with the way out."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and its certificates as PEM, the signer's first."""

    algorithm: str
    """As the C2PA names it: es256, ps256, ed25519 …"""
    certificates: str
    key: str = field(repr=False)

    @property
    def signer(self) -> str:
        """The name in the certificate."""
        names = self._leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else self._leaf.subject.rfc4514_string()

    @property
    def until(self) -> datetime:
        """When the certificate ends."""
        return self._leaf.not_valid_after_utc

    @property
    def _leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificates.encode())


def hold(settings: WorkerSettings) -> SigningKey:
    """The host's key, or else the studio's own, which is made if need be. Raises ``BadCertificate``."""
    folder = settings.credentials
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(folder):
            key = look(settings)
            if key is None:
                _write(folder / OWN, _made())
                key = _read(folder / OWN, folder / OWN)
            _note(folder / KNOWN, key.certificates)
    except OSError as error:
        raise BadCertificate(f"{folder} can't be used for signing: {error.strerror}.") from error
    insist_on_its_time(key)
    return key


def look(settings: WorkerSettings) -> SigningKey | None:
    """What ``hold`` would give, but nothing is made, and an end is no fault; None: it would make one.

    Raises ``BadCertificate``.
    """
    certificate, key = settings.credentials_certificate, settings.credentials_key
    if certificate is not None and key is not None:
        return _read(certificate.expanduser(), key.expanduser())
    own = settings.credentials / OWN
    found = _read(own, own) if own.exists() else None
    return found if found and found.until - datetime.now(UTC) > RENEWED else None


def insist_on_its_time(key: SigningKey) -> None:
    """Raises ``BadCertificate`` when its certificate has ended."""
    if key.until < datetime.now(UTC):
        raise BadCertificate(
            f"The certificate of {key.signer} ended on {key.until:%-d %B %Y}: name a newer one in {WHOSE}."
        )


# ── reading ──────────────────────────────────────────────────────────────────────────────


def _read(certificate: Path, key: Path) -> SigningKey:
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except OSError as error:
        raise BadCertificate(f"{certificate} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadCertificate(f"{certificate} holds no certificate in PEM.") from error
    private = _private(key)
    if private.public_key() != chain[0].public_key():
        raise BadCertificate(
            f"{key} is not the key of the first certificate in {certificate}: the signer's comes first."
        )
    if len(chain) < 2:
        raise BadCertificate(
            f"{certificate} holds one certificate alone: put its issuer's after it, or no reader trusts it."
        )
    return SigningKey(
        _algorithm(private, key),
        "".join(_pem(one) for one in chain),
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )


def _private(file: Path) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise BadCertificate(f"{file} can't be read: {error.strerror}.") from error
    except TypeError as error:
        raise BadCertificate(
            f"{file} is locked with a passphrase: give the key without."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadCertificate(f"{file} holds no private key in PEM.") from error


def _algorithm(private: PrivateKeyTypes, file: Path) -> str:
    match private:
        case ec.EllipticCurvePrivateKey() if private.curve.name in CURVES:
            return CURVES[private.curve.name]
        case rsa.RSAPrivateKey() if private.key_size >= 2048:
            return "ps256"
        case ed25519.Ed25519PrivateKey():
            return "ed25519"
    raise BadCertificate(
        f"{file} is of a kind that Content Credentials don't know: use P-256, Ed25519 or RSA with 2048 bits."
    )


# ── making ───────────────────────────────────────────────────────────────────────────────


def _made() -> str:
    studio = f"sora-commons studio {secrets.token_hex(3)}"
    issuing, signing = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = _certificate(f"{studio}, issuer", f"{studio}, issuer", issuing, issuing)
    signer = _certificate(studio, f"{studio}, issuer", signing, issuing)
    key = signing.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key.decode() + _pem(signer) + _pem(issuer)


def _certificate(
    name: str, issuer: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """Of an issuer if it is its own, of a signer otherwise; as section 14.5 of the C2PA's specification
    (version 2.2) wants it."""
    now, issues = datetime.now(UTC), name == issuer
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks differ
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(issues, 0 if issues else None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not issues,
                key_cert_sign=issues,
                crl_sign=issues,
                encipher_only=False,
                decipher_only=False,
                **usage,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False
        )
    )
    if not issues:
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, CLAIM_SIGNING])
        made = made.add_extension(purposes, critical=False)
    return made.sign(by, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "sora-commons"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _note(known: Path, certificates: str) -> None:
    """Remember what this studio signs with: older clips stay its own when the certificate changes."""
    before = known.read_text() if known.exists() else ""
    if certificates not in before:
        _write(known, before + certificates)


def _write(file: Path, text: str) -> None:
    """A whole file or none, which only its owner can read."""
    handle, partial = tempfile.mkstemp(dir=file.parent)  # 0600 from its first moment
    try:
        with os.fdopen(handle, "w") as written:
            written.write(text)
            written.flush()
            os.fsync(written.fileno())
        os.replace(partial, file)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
