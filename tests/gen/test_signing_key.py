"""The key that clips are signed with: made once, renewed in time, or brought by the host."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from db import credentials as reading
from db.credentials import KNOWN, Flags
from db.settings import BadSettings
from gen import credentials, encode, signing_key
from gen.credentials import Claim
from gen.settings import WorkerSettings
from gen.signing_key import OWN, BadCertificate
from tests.support.certificates import Authority, given, pem
from tests.support.films import plain

CLAIM = Claim("Clip 1 of job 1", "Toy", "Apache-2.0", "", "", Flags())
P256 = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def settings(tmp_path: Path) -> WorkerSettings:
    return WorkerSettings(data=tmp_path / "data")


def said(settings: WorkerSettings, key: signing_key.SigningKey) -> reading.Said:
    """What this studio reads of a clip that was signed with this key."""
    file = settings.folder / "clip.mp4"
    file.write_bytes(credentials.signed(encode.mp4(plain(4, 64, (9, 9, 9)), 8), CLAIM, key))
    return reading.read(file, settings.credentials / KNOWN)


def test_it_is_made_at_the_first_start_and_kept_for_its_owner_alone(
    settings: WorkerSettings,
) -> None:
    assert signing_key.look(settings) is None
    assert not settings.credentials.exists(), "a look makes nothing"
    key = signing_key.hold(settings)
    assert signing_key.hold(settings) == signing_key.look(settings) == key
    own = settings.credentials / OWN
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert stat.S_IMODE(own.parent.stat().st_mode) == 0o700
    credentials.prove(key)
    assert "PRIVATE" not in (settings.credentials / KNOWN).read_text()
    assert "PRIVATE" not in repr(key)


def test_workers_that_start_together_have_one_key(settings: WorkerSettings) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: signing_key.hold(settings), range(8)))
    assert len(set(keys)) == 1


def test_before_its_end_it_is_made_anew_and_what_it_signed_stays_ours(
    settings: WorkerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_key, "LASTS", timedelta(days=29))
    old = signing_key.hold(settings)
    monkeypatch.undo()
    new = signing_key.hold(settings)
    assert new != old
    assert signing_key.hold(settings) == new
    for key in (old, new):
        assert said(settings, key).ours


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(P256, id="P-256"),
        pytest.param(ec.generate_private_key(ec.SECP384R1()), id="P-384"),
        pytest.param(rsa.generate_private_key(65537, 2048), id="RSA"),
        pytest.param(ed25519.Ed25519PrivateKey.generate(), id="Ed25519"),
    ],
)
def test_a_host_brings_a_certificate(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
) -> None:
    authority = Authority()
    chain = authority.certify(key, "The Painters' Club") + authority.certificate
    settings = given(tmp_path, chain, pem(key))
    held = signing_key.hold(settings)
    credentials.prove(held)
    assert held.signer == "The Painters' Club"
    assert not (settings.credentials / OWN).exists()
    found = said(settings, held)
    assert (found.signer, found.intact, found.ours) == ("The Painters' Club", True, True)


def test_another_customer_of_the_hosts_authority_is_not_this_studio(tmp_path: Path) -> None:
    authority, other = Authority(), ec.generate_private_key(ec.SECP256R1())
    signing_key.hold(
        given(tmp_path, authority.certify(P256, "Us") + authority.certificate, pem(P256))
    )
    theirs = given(tmp_path, authority.certify(other, "Us") + authority.certificate, pem(other))
    stranger = signing_key.look(theirs)
    assert stranger is not None
    found = said(theirs, stranger)
    assert (found.signer, found.intact, found.ours) == ("Us", True, False)


AUTHORITY = Authority()
CHAIN = AUTHORITY.certify(P256, "A host") + AUTHORITY.certificate


@pytest.mark.parametrize(
    ("certificate", "key", "sentence"),
    [
        ("nonsense", pem(P256), "host.pem holds no certificate in PEM."),
        (CHAIN, "nonsense", "host.key holds no private key in PEM."),
        (CHAIN, pem(P256, b"secret"), "host.key is locked with a passphrase"),
        (CHAIN, pem(ec.generate_private_key(ec.SECP256R1())), "host.key is not the key of"),
        (AUTHORITY.certify(P256, "A host"), pem(P256), "one certificate alone"),
        (
            AUTHORITY.certify(P256, "A host", days=-3) + AUTHORITY.certificate,
            pem(P256),
            "The certificate of A host ended on",
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(
    tmp_path: Path, certificate: str, key: str, sentence: str
) -> None:
    with pytest.raises(BadCertificate, match=sentence) as told:
        signing_key.hold(given(tmp_path, certificate, key))
    assert str(told.value).endswith(".")
    assert "secret" not in str(told.value)


def test_a_kind_of_key_that_readers_do_not_know_is_refused(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256K1())
    chain = AUTHORITY.certify(key, "A host") + AUTHORITY.certificate
    with pytest.raises(BadCertificate, match="of a kind that Content Credentials don't know"):
        signing_key.hold(given(tmp_path, chain, pem(key)))


def test_a_certificate_for_something_else_is_found_before_anything_is_signed(
    tmp_path: Path,
) -> None:
    servers = AUTHORITY.certify(P256, "A server", purpose=ExtendedKeyUsageOID.SERVER_AUTH)
    held = signing_key.hold(given(tmp_path, servers + AUTHORITY.certificate, pem(P256)))
    with pytest.raises(BadCertificate, match="can't sign Content Credentials"):
        credentials.prove(held)


def test_missing_files_and_half_a_setting_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.pem"
    with pytest.raises(BadSettings, match="give both or neither"):
        WorkerSettings(credentials_key=missing)
    settings = WorkerSettings(
        data=tmp_path, credentials_certificate=missing, credentials_key=missing
    )
    with pytest.raises(BadCertificate, match=r"nowhere.pem can't be read: No such file"):
        signing_key.hold(settings)
