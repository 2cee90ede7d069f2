/** What a maintainer script does beyond what needs no doing in an image: its lines, in their order. */
export function unknownLines(script: string): readonly string[] {
  const lines: string[] = [];
  let generated = false;
  for (const whole of script.split('\n')) {
    const line = whole.trim();
    const begins = /^# Automatically added by (dh_\w+)/.exec(line)?.[1];
    if (begins !== undefined) generated = notNeeded.has(begins);
    if (/^# End automatically added section/.test(line)) {
      generated = false;
      continue;
    }
    if (generated || line === '' || line.startsWith('#') || harmless.test(line)) continue;
    lines.push(line);
  }
  return lines;
}

/** Sections of debhelper whose work an image does without: services, caches of the loader, byte code, debconf, desktops. */
const notNeeded = new Set([
  'dh_makeshlibs',
  'dh_installsystemd',
  'dh_systemd_start',
  'dh_systemd_enable',
  'dh_installinit',
  'dh_installdebconf',
  'dh_python3',
  'dh_installmenu',
  'dh_icons',
  'dh_installmime',
  'dh_installtmpfiles',
  'dh_installsysusers',
  'dh_ucf',
  'dh_perl',
  'dh_installxfonts',
  'dh_installemacsen',
  'dh_installudev',
  'dh_runit',
  'dh_apparmor',
]);

/** Nothing but a frame: options, cases that only tell which step it is, and their ends. */
const harmless =
  /^(set -\w+|exit( 0|)|true|:|esac|fi|;;|\*\)|case "?\$\{?1}?"? in|(configure|abort-[\w-]+|upgrade|remove|purge|install|triggered)(\s*\|\s*(configure|abort-[\w-]+|upgrade|remove|purge|install|triggered))*\s*\)(\s*;;)?|echo .*|ldconfig|#DEBHELPER#|if (\[|test) "\$1" = "?configure"? ?\]?; then|.*unknown argument.*|\. \/usr\/share\/debconf\/confmodule|db_\w+.*)$/;
