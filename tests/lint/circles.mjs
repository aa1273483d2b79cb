// SPDX-License-Identifier: MIT
// circles.mjs ROOT page|includes: finds modules that need one another in a circle. Prints
// "file:line: what is wrong; expected …" and exits 1.
//   page      modules are the files of web/src; imports of types count. Also what else tangles it:
//             an import against the order of the folders, a model that is not pure, a module that
//             does something by being imported.
//   includes  of C++, but for the tests. A module is a .h with the .cc of the same name: they count
//             together, so that x.cc and y.cc cannot need each other's headers either.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const [root, what] = process.argv.slice(2);
let faults = 0;

function fault(place, text) {
  console.log(`${place}: ${text}`);
  ++faults;
}

// The files below a folder, as paths from the root, in order.
function filesOf(folder, ending) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesOf(path, ending);
      return ending.test(entry.name) ? [path] : [];
    });
}

const linesOf = (path) => readFileSync(join(root, path), 'utf8').split('\n');

// --- Circles

// module → module that it needs → the place where it says so
class Graph {
  needs = new Map();

  // Without `to` the module is only known to be there.
  add(module, to = module, place = '') {
    if (!this.needs.has(module)) this.needs.set(module, new Map());
    const needs = this.needs.get(module);
    if (to !== module && !needs.has(to)) needs.set(to, place);
  }

  of(module) {
    return this.needs.get(module) ?? new Map();
  }

  // Reports a shortest circle through each module that no reported circle goes through yet: once
  // these are opened, another run shows whether there are more.
  report() {
    const reported = new Set();
    for (const module of this.needs.keys()) {
      const circle = reported.has(module) ? undefined : this.circleThrough(module);
      if (!circle) continue;
      for (const each of circle) reported.add(each);
      const chain = [...circle, module].join(' -> ');
      fault(this.of(module).get(circle[1]), `circle: ${chain}; expected no way back`);
    }
  }

  // From the module over others back to it, without it at the end; undefined when there is none.
  circleThrough(module) {
    const cameFrom = new Map([[module, undefined]]);
    for (const at of cameFrom.keys()) {
      for (const next of this.of(at).keys()) {
        if (next === module) {
          const circle = [];
          for (let each = at; each !== undefined; each = cameFrom.get(each)) circle.unshift(each);
          return circle;
        }
        if (!cameFrom.has(next)) cameFrom.set(next, at);
      }
    }
    return undefined;
  }
}

// --- The page

// What each folder of web/src may import from, besides itself. "": the entries.
const mayImport = {
  '': ['admin', 'ui', 'app', 'net', 'model'],
  admin: ['ui', 'app', 'net', 'model'],
  ui: ['app', 'net', 'model'],
  app: ['net', 'model'],
  net: ['model'],
  model: [],
};

const importPattern = /\b(?:import|export)\b(?:[^'";]*?\bfrom\b)?\s*\(?\s*(['"])([^'"\n]+)\1/g;

// What a line at the left edge may begin with, so that importing the module does nothing.
const keywords = 'import|export|const|let|function|async|class|interface|type|enum';
const declaration = new RegExp(`^(?:[\\s)}\\]>|\`]|/[/*]|$|(?:${keywords})\\b)`);
const globals =
  'window|globalThis|document|location|navigator|history|localStorage|sessionStorage|matchMedia|' +
  'addEventListener|fetch';
const browser = new RegExp(`\\b(?:${globals})\\b`);

// A constant, up to its value; a member of a class that is made with the class.
const constant = /^(?:export default |(?:export )?(?:const|let) (?:[^=]|=>)*?=(?!>)\s*)/;
const staticMember = /^\s+static (?:readonly )?[^=(]*=(?!>)\s*/;
// A value that does nothing by being made: a function, whatever it calls when it is called.
const functionStart = /^(?:async\b|function\b|<|\([^()]*(?:$|\)(?::[^=]*)? =>)|\w+ =>)/;
// The calls that a constant may be made by: of what only holds, computes or formats something.
const makers = /^(?:signal|computed|memo|Map|Set|WeakMap|RegExp|DateTimeFormat|channelOfRoom)$/;
const call = /([\w$]+)(?:<[^()]*>)?\(/g;
const strings = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/;
const regularExpression = /\/(?![/*])(?:[^/\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+\/\w*/;
const literal = new RegExp(`${strings.source}|${regularExpression.source}`, 'g');

function checkPage() {
  const graph = new Graph();
  const folderOf = (path) => path.split('/').slice(2, -1)[0] ?? '';
  for (const path of filesOf('web/src', /\.tsx?$/)) {
    const folder = folderOf(path);
    const lines = linesOf(path);
    if (!(folder in mayImport)) {
      fault(`${path}:1`, `no such folder: ${folder}; expected one of circles.mjs`);
    }
    if (folder !== '') checkDeclarations(path, lines);
    graph.add(path);
    for (const match of lines.join('\n').matchAll(importPattern)) {
      const before = match.input.slice(0, match.index + match[0].length);
      const place = `${path}:${before.split('\n').length}`;
      const name = match[2];
      if (name.endsWith('.css')) continue;
      if (!name.startsWith('.')) {
        if (folder === 'model') fault(place, `model imports ${name}; expected nothing, it is pure`);
        continue;
      }
      const target = resolve(path, name);
      if (!target) {
        fault(place, `"${name}" is no module; expected a file of web/src`);
        continue;
      }
      const other = folderOf(target);
      if (other !== folder && !mayImport[folder]?.includes(other)) {
        const allowed = [folder, ...(mayImport[folder] ?? [])].join(' ');
        fault(place, `${folder} imports ${other || 'an entry'}; expected one of: ${allowed}`);
      }
      graph.add(path, target, place);
    }
  }
  graph.report();
  return graph.needs.size;
}

function resolve(from, name) {
  const path = normalize(join(dirname(from), name));
  return [`${path}.ts`, `${path}.tsx`].find((each) => existsSync(join(root, each)));
}

// A line at the left edge that is no declaration, or one whose value asks the browser or calls
// something. What is inside a value's brackets on further lines is not looked at.
function checkDeclarations(path, lines) {
  const pure = lines.map((line) =>
    line.replace(/^\s*\/\/.*/, '').replace(literal, "''").replace(/\s\/\/.*/, ''),
  );
  pure.forEach((line, index) => {
    const start = (constant.exec(line) ?? staticMember.exec(line))?.[0];
    const isHarmless = declaration.test(line) && !/^\s+static \{/.test(line);
    // The value may stand on the next line.
    const value = start && (line.slice(start.length) || pure[index + 1].trim());
    if (isHarmless && (!value || !doesSomething(value))) return;
    const expected = 'expected a function that the entry calls';
    fault(`${path}:${index + 1}`, `this happens when the module is imported; ${expected}`);
  });
}

function doesSomething(value) {
  if (functionStart.test(value)) return false;
  const now = value.split(/=>|\bfunction\b/)[0]; // what a function does that is passed on, it does later
  return browser.test(now) || [...now.matchAll(call)].some(([, name]) => !makers.test(name));
}

// --- C++

function checkIncludes() {
  const graph = new Graph();
  const moduleOf = (path) => path.replace(/\.(?:h|cc)$/, '');
  for (const folder of ['protocol', 'core', 'client', 'bin', 'bench']) {
    for (const path of filesOf(folder, /\.(?:h|cc)$/)) {
      graph.add(moduleOf(path));
      linesOf(path).forEach((line, index) => {
        const target = /^\s*#\s*include\s*"([^"]+)"/.exec(line)?.[1];
        if (target) graph.add(moduleOf(path), moduleOf(target), `${path}:${index + 1}`);
      });
    }
  }
  graph.report();
  return graph.needs.size;
}

const checks = { page: checkPage, includes: checkIncludes };
const modules = checks[what]();
console.log(`${modules} modules`);
process.exit(faults > 0 || modules === 0 ? 1 : 0);
