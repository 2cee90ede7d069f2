import { defineErrors } from '@pratique/errors';

/** Everything `@pratique/harden` throws. */
export const hardenErrors = defineErrors({
  HARDEN_ROOT_UNRESOLVED: {
    kind: 'denial',
    title:
      'What the image runs is not in it, or nothing says it, so that nothing can be said about what it needs.',
    remedy:
      'Correct `run.entrypoint`, or add the package that has the program; what else must stay, `strip.keep` names.',
  },
  HARDEN_LIBRARY_MISSING: {
    kind: 'denial',
    title: 'A program that stays needs a shared library that is not in the image.',
    remedy: 'Add the package that has the library, or leave the program out.',
  },
  HARDEN_DATABASE_INVALID: {
    kind: 'fault',
    title: 'The package database of the image cannot be read, so that nobody can say what belongs to what.',
    remedy: 'Repair the base image; `dpkg --audit` or `apk audit` in a container of it says more.',
  },
  HARDEN_STRIP_UNSAFE: {
    kind: 'fault',
    title: 'What would be removed is still needed by something that stays.',
    remedy: 'Name the path in `keep`, and report this: it should not happen.',
  },
  HARDEN_SETTINGS_INVALID: {
    kind: 'usage',
    title: 'The settings of a hardening are not valid.',
    remedy: 'Correct what the message names; docs/harden.md shows every setting.',
  },
  HARDEN_FINDING_UNEXPLAINED: {
    kind: 'fault',
    title: 'A vulnerability is not found any more, and nothing that was done explains why.',
    remedy: 'Report this: the package is still there and its record is not, or the scanner lost sight of it.',
  },
  HARDEN_TEST_FAILED: {
    kind: 'denial',
    title: 'The hardened image fails a test.',
    remedy: 'Name what the test misses under `strip.keep`, add the package that has it, or correct the test.',
  },
  HARDEN_TEST_NOT_RUN: {
    kind: 'denial',
    title: 'A test of the hardened image could not be run, which is not the same as passed.',
    remedy:
      'Install bubblewrap or crun and harden on a machine of the image’s platform, as root or with ids in /etc/subuid where commands run as another user than root; or accept it with `tests.allowNotRun: true`.',
  },
  HARDEN_POLICY_DENIED: {
    kind: 'denial',
    title: 'A policy refuses the hardened image; nothing was pushed.',
    remedy: 'Do what the policy says; which policies there are is said under `policy.files` of the settings.',
  },
  HARDEN_MANAGER_UNSUPPORTED: {
    kind: 'denial',
    title: 'Packages of this image cannot be upgraded or added here.',
    remedy:
      'Leave `upgrade` and `add.packages` out, or use a base of Debian, Ubuntu or Alpine; `strip` works on bases of rpm, too.',
  },
  DEB_SCRIPT_UNKNOWN: {
    kind: 'denial',
    title: 'A package wants to run a script when it is installed, and nothing is run here.',
    remedy: 'If the image works without, list the package in `add.scriptsNotNeeded`.',
  },
  DEB_TRIGGER_UNKNOWN: {
    kind: 'denial',
    title: 'A change sets off a trigger of another package, whose script does what is not known here.',
    remedy: 'If the image works without, list the package with the trigger in `add.scriptsNotNeeded`.',
  },
  DEB_INVALID: {
    kind: 'fault',
    title: 'A Debian package (.deb) cannot be read.',
    remedy: 'Fetch the file again; `dpkg-deb --info FILE` says whether Debian’s own tools can read it.',
  },
  APK_SCRIPT_UNKNOWN: {
    kind: 'denial',
    title: 'A package wants to run a script when it is installed, and nothing is run here.',
    remedy: 'If the image works without, list the package in `add.scriptsNotNeeded`.',
  },
  APK_INVALID: {
    kind: 'fault',
    title: 'An Alpine package (.apk) cannot be read.',
    remedy: 'Fetch the file again; `apk verify FILE` says whether Alpine’s own tools can read it.',
  },
  HARDEN_ADD_CONFLICT: {
    kind: 'denial',
    title: 'Something that is added would take the place of what is there and belongs to somebody else.',
    remedy: 'Put it elsewhere, or name the path in `add.replaces` where that is meant.',
  },
  HARDEN_ADD_UNUSABLE: {
    kind: 'denial',
    title:
      'Something that is to be added is not there, or is not what it says it is, or nothing pins what it is.',
    remedy: 'Correct what the message names under `add`; docs/harden.md shows each kind.',
  },
  HARDEN_PLATFORMS_UNUSABLE: {
    kind: 'usage',
    title: 'Images for several platforms are asked for, and the base does not have them.',
    remedy: 'Name platforms that the base has under `platforms`, or leave it out for one image.',
  },
  HARDEN_LAYERS_UNUSABLE: {
    kind: 'denial',
    title: 'Layers of the base cannot be kept as they are.',
    remedy: 'Leave `layers: diff` out: one new layer then holds everything.',
  },
  PACKAGES_SOURCES_INVALID: {
    kind: 'usage',
    title: 'A list of package sources does not have the form apt or apk reads.',
    remedy:
      'Correct the line the message names; the format is in sources.list(5), for apk in apk-repositories(5).',
  },
  PACKAGES_UNREACHABLE: {
    kind: 'fault',
    title: 'A package repository could not be reached, or did not answer completely.',
    remedy: 'Check the address and the network; `apt-get update` or `apk update` asks the same servers.',
  },
  PACKAGES_UNTRUSTED: {
    kind: 'denial',
    title:
      'What a package repository sent is not signed by its keys, is out of date, or is not what was signed.',
    remedy:
      'Check the keyring that `Signed-By` names, or `keys`, and the clock; behind a mirror, wait until it is complete and try again.',
  },
  PACKAGES_INDEX_INVALID: {
    kind: 'fault',
    title: 'An index of a package repository cannot be read.',
    remedy: 'Report it to the repository; apt or apk would refuse it too.',
  },
  DEPENDENCY_UNMET: {
    kind: 'denial',
    title: 'A package needs something that none of the sources has in a version that would do.',
    remedy: 'Add the source that has it, or take the package out of `add`.',
  },
});
