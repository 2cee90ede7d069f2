import type { Cataloger } from './cataloger.ts';
import { formatPurl } from './format-purl.ts';
import { isRpmDatabase, readRpmDatabase } from './rpm-database.ts';

/** The packages of Fedora, Red Hat, SUSE, Amazon and their kin: rpm's database. */
export const rpmCataloger: Cataloger = {
  keep: ({ path }) => (isRpmDatabase(path) ? 'whole' : undefined),

  find({ fileSystem, distro, layerOf, skip }) {
    const database = readRpmDatabase(fileSystem);
    if (database === undefined) return [];
    const { file, ignored, headers } = database;
    for (const { path } of ignored) skip(path, `rpm reads ${file.path} instead`);
    return headers
      .filter(({ name }) => name !== 'gpg-pubkey')
      .map((header) => {
        const { name, architecture, sourceRpm } = header;
        const epoch = header.epoch === undefined ? '' : `${header.epoch}:`;
        const version = `${epoch}${header.version}-${header.release}`;
        const [, sourceName, sourceVersion] =
          /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(sourceRpm ?? '') ?? [];
        return {
          package: {
            type: 'rpm' as const,
            name,
            version,
            architecture,
            ...(sourceName === undefined || sourceVersion === undefined
              ? {}
              : // The name of a source package has no epoch in it. What is built from it has the same one, or none.
                {
                  source: { name: sourceName, version: `${header.epoch ? epoch : ''}${sourceVersion}` },
                }),
            purl: formatPurl({ type: 'rpm', name, version, architecture, distro, upstream: sourceRpm }),
            distro,
            modularityLabel: header.modularityLabel,
            licenses: header.license === undefined ? [] : [header.license],
            supplier: header.vendor,
            ...(header.sha256 === undefined
              ? {}
              : { checksum: { algorithm: 'SHA-256' as const, value: header.sha256 } }),
            location: { path: file.path, layer: layerOf(file) },
          },
          files: header.files.map((path) => path.replace(/^\//, '')),
          needs: header.requires.filter((need) => !need.startsWith('rpmlib(')).map((need) => [need]),
          provides: [...header.provides, ...header.files],
        };
      });
  },
};
