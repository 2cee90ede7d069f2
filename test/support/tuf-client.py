"""python-tuf as a command, with the packages in PYTHONPATH:
  python3 tuf-client.py read DIR URL TARGET     prints a target; DIR holds root.json, and what the client keeps
  python3 tuf-client.py write DIR               makes a repository with everything our client has to read
"""

import os
import shutil
import sys
from datetime import datetime, timedelta, timezone

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Key,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer
from tuf.ngclient import Updater


def read(directory, url, target):
    with open(os.path.join(directory, "root.json"), "rb") as file:
        bootstrap = file.read()
    kept = os.path.join(directory, "kept")
    os.makedirs(kept, exist_ok=True)
    updater = Updater(kept, url, kept, f"{url}/targets/", bootstrap=bootstrap)
    updater.refresh()
    info = updater.get_targetinfo(target)
    if info is None:
        raise SystemExit(f"no target {target}")
    with open(updater.download_target(info), "rb") as file:
        sys.stdout.buffer.write(file.read())


def write(directory):
    """Root 2 of 3, keys of every type, three root versions, targets of its own, of a team and of hashed bins."""
    expires = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=30)
    os.makedirs(os.path.join(directory, "targets", "team"))
    roots = [CryptoSigner.generate_ed25519(), CryptoSigner.generate_ecdsa(), CryptoSigner.generate_rsa()]
    later = [roots[1], roots[2], CryptoSigner.generate_ed25519()]
    online = {name: CryptoSigner.generate_ecdsa() for name in ("timestamp", "snapshot", "targets")}
    team, hashed = CryptoSigner.generate_ed25519(), CryptoSigner.generate_rsa()

    def publish(metadata, name, signers):
        metadata.signatures.clear()
        for signer in signers:
            metadata.sign(signer, append=True)
        metadata.to_file(os.path.join(directory, name), JSONSerializer(compact=False))

    root = Metadata(Root(expires=datetime(2020, 1, 1, tzinfo=timezone.utc), consistent_snapshot=True))
    for signer in roots:
        root.signed.add_key(signer.public_key, "root")
    root.signed.roles["root"].threshold = 2
    for name, signer in online.items():
        root.signed.add_key(signer.public_key, name)
    publish(root, "1.root.json", roots[:2])
    # The first key leaves, another one comes.
    root.signed.version = 2
    root.signed.revoke_key(roots[0].public_key.keyid, "root")
    root.signed.add_key(later[2].public_key, "root")
    publish(root, "2.root.json", [*roots[:2], *later[1:]])
    root.signed.version = 3
    root.signed.expires = expires
    root.signed.roles["root"].threshold = 3
    publish(root, "3.root.json", later)

    def target(path, content):
        info = TargetFile.from_data(path, content, ["sha256", "sha512"])
        folder, name = os.path.split(path)
        with open(os.path.join(directory, "targets", folder, f"{info.hashes['sha256']}.{name}"), "wb") as file:
            file.write(content)
        # Under either hash: clients choose.
        shutil.copy(file.name, os.path.join(directory, "targets", folder, f"{info.hashes['sha512']}.{name}"))
        return info

    targets = Targets(expires=expires)
    targets.targets["trusted_root.json"] = target("trusted_root.json", b"trusted by python-tuf")
    targets.delegations = Delegations(
        {signer.public_key.keyid: signer.public_key for signer in (team, hashed)},
        {
            "team": DelegatedRole("team", [team.public_key.keyid], 1, False, paths=["team/*"]),
            "hashed": DelegatedRole(
                "hashed", [hashed.public_key.keyid], 1, True, path_hash_prefixes=[f"{n:x}" for n in range(16)]
            ),
        },
    )
    of_team, of_hashed = Targets(expires=expires), Targets(expires=expires)
    of_team.targets["team/a.json"] = target("team/a.json", b"of the team")
    of_hashed.targets["other.json"] = target("other.json", b"by its hash")
    # Names what it may not: only the delegation says whose a path is.
    of_team.targets["elsewhere.json"] = target("elsewhere.json", b"not the team's")

    snapshot = Snapshot(expires=expires)
    for name, role, signer in (
        ("targets", targets, online["targets"]),
        ("team", of_team, team),
        ("hashed", of_hashed, hashed),
    ):
        metadata = Metadata(role)
        publish(metadata, f"1.{name}.json", [signer])
        snapshot.meta[f"{name}.json"] = MetaFile.from_data(
            1, metadata.to_bytes(JSONSerializer(compact=False)), ["sha256"]
        )
    publish(Metadata(snapshot), "1.snapshot.json", [online["snapshot"]])
    with open(os.path.join(directory, "1.snapshot.json"), "rb") as file:
        described = MetaFile.from_data(1, file.read(), ["sha512"])
    publish(Metadata(Timestamp(expires=expires, snapshot_meta=described)), "timestamp.json", [online["timestamp"]])


{"read": read, "write": write}[sys.argv[1]](*sys.argv[2:])
