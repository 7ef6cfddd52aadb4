"""The objects of a mirror, in a bucket or a folder: listing, reading and conditional creation.

obstore is used rather than s3fs: it is a single wheel without dependencies, whereas s3fs pins botocore through
aiobotocore, and it can create an object only if it does not exist, on S3 and in folders alike.
"""

import errno
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hbac_assets.errors import HbacError

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Store

VARIABLE = "HBAC_MIRROR"
FORMS = "s3://bucket/prefix or file:///folder"
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
SECONDS, CONNECT_SECONDS, ATTEMPTS = 900, 10, 3
"""Timeout of a request, which sends a whole object; timeout of the connection; retries after network errors."""
INSTANCE = "/latest/api/token"
"""Where a cloud machine requests its credentials; obstore asks there if no variable sets them."""


@dataclass(frozen=True)
class Found:
    """An object in the mirror: its size in bytes, and its creation time by the mirror's clock."""

    size: int
    modified: datetime


@dataclass(frozen=True)
class Mirror:
    """A bucket with a prefix, or a folder.

    Attributes:
        address: the address as the user set it.
    """

    address: str
    _store: "S3Store | LocalStore"

    def list(self, folder: str) -> dict[str, Found]:
        """Return the objects in a folder, by name.

        Raises:
            HbacError: the mirror cannot be read.
        """
        import obstore

        with _faults(self.address):
            return {
                one["path"]: Found(one["size"], one["last_modified"])
                for some in obstore.list(self._store, folder)
                for one in some
            }

    def read(self, name: str) -> Iterator[memoryview]:
        """Yield the content of an object in chunks.

        Raises:
            HbacError: there is no such object, or the mirror cannot be read.
        """
        import obstore

        with _faults(self.address, name):
            parts = obstore.get(self._store, name).stream()
        while True:
            with _faults(self.address, name):
                part = next(parts, None)
            if part is None:
                return
            yield memoryview(part)

    def create(self, name: str, content: bytes) -> bool:
        """Create an object unless it exists; return whether it was created.

        Raises:
            HbacError: the mirror cannot be written.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with _faults(self.address):
            try:
                obstore.put(self._store, name, content, mode="create")
            except AlreadyExistsError:
                return False
        return True


def open_mirror(*, write: bool, environment: Mapping[str, str] = os.environ) -> Mirror:
    """Return the mirror at the address in `HBAC_MIRROR`, without connecting.

    Args:
        write: create the folder if the mirror is one and does not exist.
        environment: that variable, and AWS's for credentials, endpoint and region.

    Raises:
        HbacError: the variable is unset or not an address of a mirror, or obstore is not installed.
    """
    address = environment.get(VARIABLE, "")
    parts = urlsplit(address)
    folder = url2pathname(parts.path) if parts.scheme == "file" and not parts.netloc else ""
    bucket = parts.netloc if parts.scheme == "s3" and "@" not in parts.netloc else ""
    if not (folder.strip("/") or bucket):
        found = f"'{re.sub('//.*@', '//***@', address)}'" if address else "none"
        raise HbacError(f"HBAC_MIRROR: expected the address of a mirror, {FORMS}, found {found}; set it")
    _require_obstore()
    from obstore.store import LocalStore

    if bucket:
        return Mirror(address, _bucket(address, environment))
    if not write and not Path(folder).is_dir():
        raise HbacError(f"{VARIABLE}: expected the folder of a mirror, found none at {folder}; correct it")
    with _faults(address):
        return Mirror(address, LocalStore(prefix=folder, mkdir=True))


def _bucket(address: str, environment: Mapping[str, str]) -> "S3Store":
    """Return an S3-compatible bucket; obstore reads the credentials from the environment."""
    from obstore.store import S3Store

    endpoint = next(filter(None, map(environment.get, ENDPOINTS)), None)
    region = next(filter(None, map(environment.get, REGIONS)), "us-east-1")
    with _faults(address):
        return S3Store.from_url(
            address,
            region=region,
            **({"endpoint": endpoint} if endpoint else {}),
            client_options={
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
                "timeout": f"{SECONDS}s",
                "connect_timeout": f"{CONNECT_SECONDS}s",
            },
            retry_config={"max_retries": ATTEMPTS, "retry_timeout": timedelta(seconds=SECONDS)},
        )


def _require_obstore() -> None:
    try:
        import obstore  # noqa: F401
    except ImportError:
        raise HbacError(
            "obstore: expected the package that reaches a mirror, found none; install it, as with hbac-assets[mirror]"
        ) from None


@contextmanager
def _faults(address: str, name: str = "") -> Iterator[None]:
    """Convert the errors of a mirror into an `HbacError`.

    Args:
        address: the mirror's address.
        name: the name of the object being read, if any.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        raise HbacError(_line(address, name, str(error))) from error


def _line(address: str, name: str, said: str) -> str:
    """Return the message for an error of obstore, which quotes the server's response."""
    code = found[1] if (found := re.search(r"<Code>(\w+)</Code>", said)) else ""
    if code == "NoSuchBucket":
        return f"{address}: expected a bucket, found none of that name; create it or correct {VARIABLE}"
    if INSTANCE in said or "Missing AccessKeyId" in said:
        return f"{address}: expected credentials, found none; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if code in ("PermanentRedirect", "AuthorizationHeaderMalformed"):
        return f"{address}: expected the region of the bucket, found another ({code}); set AWS_REGION"
    if code == "AccessDenied":
        return (
            f"{address}: expected access, found none with these credentials (AccessDenied); ask the bucket's owner for "
            "it, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to others"
        )
    if "403 Forbidden" in said or "401 Unauthorized" in said:
        return (
            f"{address}: expected credentials known to the server, found others ({code or 'refused'}); correct "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where there is one, AWS_SESSION_TOKEN"
        )
    if name and (code == "NoSuchKey" or "not found" in said):
        return f"{address}: expected the object {name}, found none; push again from a store that has it"
    if "error sending request" in said or "timed out" in said:
        return (
            f"{address}: expected a response from the server, found none; check the network and {ENDPOINTS[1]}, then "
            "the same command goes on from here"
        )
    if "os error 28" in said:
        return f"{address}: cannot be written ({os.strerror(errno.ENOSPC)}); free space, then run the same command"
    first = (said.splitlines() or [""])[0]
    return f"{address}: cannot be used ({code or first[:200]}); check it and run the same command"
