/** A maintainer script without the sections of debhelper whose work an image does without. */
export function withoutGenerated(script: string): string {
  let generated = false;
  const lines = script.split('\n').filter((whole) => {
    const line = whole.trim();
    const begins = /^# Automatically added by (dh_\w+)/.exec(line)?.[1];
    if (begins !== undefined) generated = notNeeded.has(begins);
    if (!/^# End automatically added section/.test(line)) return !generated;
    generated = false;
    return false;
  });
  return lines.join('\n');
}

/** Services, caches of the loader, byte code, debconf, desktops. */
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
  'dh_perl',
  'dh_installxfonts',
  'dh_installemacsen',
  'dh_installudev',
  'dh_runit',
  'dh_apparmor',
]);
