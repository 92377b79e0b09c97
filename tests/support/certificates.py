"""Certificates as a host would bring them, and what goes wrong with such."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gen.settings import WorkerSettings


class Authority:
    """One that certifies whoever asks."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.certify(self._key, "An authority", issues=True)

    def certify(
        self,
        key: CertificateIssuerPrivateKeyTypes,
        name: str,
        *,
        days: int = 30,
        issues: bool = False,
        purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ) -> str:
        """PEM; with negative ``days`` it ended that long ago."""
        now = datetime.now(UTC)
        no = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
        )
        made = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name("An authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(issues, None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=not issues,
                    key_cert_sign=issues,
                    crl_sign=issues,
                    encipher_only=False,
                    decipher_only=False,
                    **no,
                ),
                critical=True,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        if not issues:
            made = made.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        signed = made.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode()


def pem(key: CertificateIssuerPrivateKeyTypes, passphrase: bytes = b"") -> str:
    locked = serialization.BestAvailableEncryption(passphrase) if passphrase else None
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        locked or serialization.NoEncryption(),
    ).decode()


def given(folder: Path, certificate: str, key: str) -> WorkerSettings:
    """A host's settings that name these, in files."""
    (folder / "host.pem").write_text(certificate)
    (folder / "host.key").write_text(key)
    return WorkerSettings(
        data=folder / "data",
        credentials_certificate=folder / "host.pem",
        credentials_key=folder / "host.key",
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tests"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
