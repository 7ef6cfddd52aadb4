"""Guards of `hbac_assets/mirror/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

_GUARDS = [
    Guard(
        "what is pulled has the digest that its name says",
        "mirror/pulling.py",
        "if digest.hexdigest() != stored.sha256:",
        "if False:",
        "mirror/test_moving.py::test_a_damaged_object_is_named_and_what_came_before_it_stays[folder_mirror]",
    ),
    Guard(
        "a file that does not come ends a push or pull",
        "mirror/transfer.py",
        "advance(future.result())",
        "advance(0)",
        "mirror/test_moving.py::test_a_push_that_fails_is_no_commit_and_the_next_creates_the_rest[1]",
    ),
    Guard(
        "an artifact that is pulled is unsealed before its files come",
        "mirror/pulling.py",
        "        artifact.unseal()\n",
        "",
        "mirror/test_moving.py::test_the_manifest_is_away_while_files_come",
    ),
    Guard(
        "an artifact that is pulled is sealed when its files are there",
        "mirror/pulling.py",
        "        pulling.pull(targets)\n        write_json(artifact.manifest_path, stored.manifest)\n",
        "        write_json(artifact.manifest_path, stored.manifest)\n        pulling.pull(targets)\n",
        "mirror/test_moving.py::test_the_manifest_is_away_while_files_come",
    ),
    Guard(
        "an object of a mirror is never overwritten",
        "mirror/objects.py",
        'obstore.put(self._store, name, content, mode="create")',
        "obstore.put(self._store, name, content)",
        "mirror/test_objects.py::test_an_object_is_created_once_and_stays[folder_mirror]",
    ),
    Guard(
        "a file is pushed under the digest of the bytes that are sent",
        "mirror/pushing.py",
        "if self.digests.get(file, digest) != digest:",
        "if False:",
        "mirror/test_moving.py::test_a_file_that_was_changed_is_not_pushed_under_another_digest",
    ),
    Guard(
        "no recording of the competition is pushed",
        "mirror/pushing.py",
        "and (lineage.dataset.is_synthetic or thing.kind not in (Kind.SPECTROGRAMS, Kind.RECIPE))",
        "",
        "mirror/test_moving.py::test_of_the_competitions_data_no_recording_is_pushed",
    ),
    Guard(
        "what is current here is not replaced by what the mirror has",
        "mirror/pulling.py",
        "return [*local.manifests(artifact), *theirs]",
        "return [*theirs, *local.manifests(artifact)]",
        "mirror/test_moving.py::test_what_is_current_here_stays_and_nothing_is_pulled_that_was_made_from_other_content",
    ),
    Guard(
        "a commit writes nothing outside its artifacts",
        "mirror/pulling.py",
        "if thing is None or thing.place != place or target == artifact.manifest_path:",
        "if False:",
        "mirror/test_moving.py::test_a_commit_that_names_files_elsewhere_writes_none_of_them[notes.txt]",
    ),
    Guard(
        "a commit's paths lead nowhere else",
        "mirror/commit.py",
        'if parts.is_absolute() or not parts.parts or ".." in parts.parts:',
        "if False:",
        "mirror/test_moving.py::test_a_commit_leads_nowhere_else",
    ),
    Guard(
        "a commit that was changed is not taken",
        "mirror/commit.py",
        "if hashlib.sha256(content).hexdigest() != name.sha256:",
        "if False:",
        "mirror/test_moving.py::test_a_commit_that_was_changed_is_refused",
    ),
]
GUARDS = [guard._replace(needs="obstore") for guard in _GUARDS]
