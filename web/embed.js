// SPDX-License-Identifier: MIT
// embed.js DIST OUTPUT: writes the files of a built page as a C++ table, each plain, with gzip and
// with Brotli. See core/server/http/static_files.h.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [dist, output] = process.argv.slice(2);
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

// "/index.html" is asked for as "/", "/admin.html" as "/admin".
const requestPath = (file) => `/${file}`.replace(/^\/index\.html$/, '/').replace(/\.html$/, '');

// A string literal. Octal escapes have at most three digits, so no digit behind one is taken for
// part of it.
function literal(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 2048) {
    let line = '';
    for (const byte of bytes.subarray(at, at + 2048)) {
      const plain = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 && byte !== 63;
      line += plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
    }
    lines.push(`"${line}"`);
  }
  return `std::string_view(${lines.join('\n') || '""'}, ${bytes.length})`;
}

function entry(file) {
  const type = types[extname(file)];
  if (!type) throw new Error(`no content type is known for ${file}`);
  const plain = readFileSync(join(dist, file));
  const gzip = gzipSync(plain, { level: 9 });
  const brotli = brotliCompressSync(plain, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    },
  });
  const worth = (packed) => (packed.length < plain.length * 0.9 ? packed : Buffer.alloc(0));
  const tag = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
  const isHashed = file.startsWith('assets/');
  const fields = [JSON.stringify(requestPath(file)), JSON.stringify(type), JSON.stringify(tag)];
  const bodies = [plain, worth(gzip), worth(brotli)].map(literal);
  return `    {${[...fields, isHashed, ...bodies].join(', ')}},\n`;
}

const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((each) => each.isFile())
  .map((each) => join(each.parentPath ?? each.path, each.name).slice(dist.length).replace(/^\//, ''))
  .sort();
writeFileSync(
  output,
  `// Made by web/embed.js.
#include "core/server/http/web_files.h"

namespace {
constexpr chirm::StaticFile kFiles[] = {
${files.map(entry).join('')}};
}  // namespace

std::span<const chirm::StaticFile> chirm::web_files() { return kFiles; }
`,
);
