"""Guards of `hbac_assets/store/`."""

from hbac_assets_tests.mutants.guards.guard import Guard

GUARDS = [
    Guard(
        "a file is written beside its place and renamed",
        "store/files.py",
        "            yield temporary\n",
        "            yield path\n",
        "store/test_files.py::test_a_failed_writer_leaves_the_old_file_and_nothing_else",
    ),
    Guard(
        "a temporary file that is being written is locked",
        "store/files.py",
        "if try_flock(descriptor, temporary):",
        "if True:",
        "store/test_files.py::test_what_a_killed_writer_left_is_removed_and_what_is_being_written_is_not",
    ),
    Guard(
        "a file is compared with the digest in its manifest",
        "store/artifact.py",
        'if digests and file_digest(file) != recorded["sha256"]:',
        "if False:",
        "store/test_artifact.py::test_a_changed_file_is_named_and_refused[12346]",
    ),
    Guard(
        "an artifact of other inputs is out of date",
        "store/artifact.py",
        'return manifest.get("inputs") == self.inputs and',
        'return "inputs" in manifest and',
        "store/test_artifact.py::test_other_upstream_content_makes_it_out_of_date",
    ),
    Guard(
        "a lock is held by one process at a time",
        "store/files.py",
        "fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)",
        "pass",
        "store/test_locks.py::test_another_free_lock_is_taken_without_waiting",
    ),
    Guard(
        "no lock is written through a planted link",
        "store/files.py",
        "NO_LINK = os.O_NOFOLLOW",
        "NO_LINK = 0",
        "resources/test_machine_locks.py::test_a_planted_link_is_not_written_through",
    ),
    Guard(
        "whoever is alone in a store shares it with nobody",
        "store/files.py",
        "(fcntl.LOCK_SH if shared else fcntl.LOCK_EX)",
        "fcntl.LOCK_SH",
        "store/test_locks.py::test_a_killed_holder_frees_its_lock",
    ),
    Guard(
        "a file with a name elsewhere frees nothing",
        "store/disk_usage.py",
        "if self._names[inode] >= self._links[inode]",
        "if True",
        "store/test_disk_usage.py::test_a_name_elsewhere_keeps_the_space",
    ),
    Guard(
        "what is locked is open for writing, without which NFS has no lock",
        "store/files.py",
        "return os.open(path, os.O_RDWR | NO_LINK | flags, 0o666)",
        "return os.open(path, os.O_RDONLY | NO_LINK | flags, 0o666)",
        "store/test_network_locks.py::test_every_lock_can_be_had_where_it_asks_for_a_file_that_is_open_for_writing",
    ),
    Guard(
        "a lock that holds on one machine alone is noticed",
        "store/lock_visibility.py",
        "return not try_flock(descriptor, path, shared=True)",
        "return True",
        "store/test_network_locks.py::test_locks_that_hold_on_one_machine_alone_are_noticed",
    ),
    Guard(
        "several who ask at once whether a lock is seen do not see each other's",
        "store/lock_visibility.py",
        "path, shared=True)",
        "path)",
        "store/test_network_locks.py::test_who_asks_is_not_taken_for_who_holds",
    ),
]
