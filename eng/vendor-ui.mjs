// Vendors the console's libraries: it packs them with npm, copies their modules and rewrites bare imports.
// Run it from the root of the tree: node eng/vendor-ui.mjs
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const target = join('src', 'Lovage.Dashboard', 'ui', 'vendor');

const packages = [
  { name: 'preact', version: '11.2.0', licence: 'MIT', files: { 'preact.js': 'dist/preact.mjs', 'hooks.js': 'hooks/dist/hooks.mjs' } },
  { name: '@preact/signals-core', version: '1.14.5', licence: 'MIT', files: { 'signals-core.js': 'dist/signals-core.mjs' } },
  { name: '@preact/signals', version: '2.11.4', licence: 'MIT', files: { 'signals.js': 'dist/signals.mjs' } },
  { name: 'htm', version: '3.1.1', licence: 'Apache-2.0', files: { 'htm.js': 'dist/htm.mjs' } },
  {
    name: 'uplot', version: '1.6.32', licence: 'MIT',
    files: { 'uplot.js': 'dist/uPlot.iife.min.js', 'uplot.css': 'dist/uPlot.min.css' },
  },
];

const imports = {
  'preact': './preact.js',
  'preact/hooks': './hooks.js',
  '@preact/signals-core': './signals-core.js',
};

/** Makes one file fit: relative imports, no source map, a module instead of a global, styles in a layer. */
function fit(file, text) {
  let fitted = text.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n');
  for (const [bare, relative] of Object.entries(imports)) {
    fitted = fitted.replaceAll(`from"${bare}"`, `from"${relative}"`);
  }
  if (file === 'uplot.js') fitted = `${fitted.trimEnd()}\nexport default uPlot;\n`;
  if (file.endsWith('.css')) fitted = `@layer vendor {\n${fitted.trim()}\n}\n`;
  return fitted.endsWith('\n') ? fitted : `${fitted}\n`;
}

const sha = (text) => createHash('sha256').update(text).digest('hex');
const work = mkdtempSync(join(tmpdir(), 'vendor-'));
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
const rows = [];
try {
  for (const { name, version, licence, files } of packages) {
    const archive = execFileSync('npm', ['pack', '--silent', `${name}@${version}`], { cwd: work }).toString().trim();
    execFileSync('tar', ['-xzf', archive], { cwd: work });
    const packed = sha(readFileSync(join(work, archive)));
    const licenceFile = `${name.replace('@', '').replace('/', '-')}.LICENSE`;
    writeFileSync(join(target, licenceFile), readFileSync(join(work, 'package', 'LICENSE')));
    for (const [file, source] of Object.entries(files)) {
      const text = fit(file, readFileSync(join(work, 'package', source), 'utf8'));
      writeFileSync(join(target, file), text);
      rows.push(`| ${file} | ${name} ${version}, ${source} | ${licence} (${licenceFile}) | ${sha(text)} | ${packed} |`);
    }
    rmSync(join(work, 'package'), { recursive: true });
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

writeFileSync(join(target, 'VENDOR.md'), `# Vendored libraries

\`eng/vendor-ui.mjs\` writes this folder. Change the script, not the files. The script changes four things: bare
imports become relative, links to source maps go, uPlot gets an export, and its styles get a layer.

| file | from | licence | SHA-256 of the file | SHA-256 of the package |
|---|---|---|---|---|
${rows.join('\n')}
`);
