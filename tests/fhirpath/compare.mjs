// Asks npm's fhirpath what the lines of our answers ask, and says where the two differ; see README.md.
// Usage: node compare.mjs differences.tsv < answers

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import fhirpath from "fhirpath";
import r4 from "fhirpath/fhir-context/r4/index.js";

const [argued] = process.argv.slice(2);
const differences = readFileSync(argued, "utf8")
  .split("\n")
  .filter((line) => line && !line.startsWith("#"))
  .map((line) => {
    const [part, right, why] = line.split("\t");
    if (!["here", "there", "either"].includes(right) || !why) throw new Error(`not argued: ${line}`);
    return { part, right, why, count: 0 };
  });

let resource;

/** As ours: what is contained, or in the same Bundle, as it is; of everything else the type. */
function resolved(text, declared) {
  if (text === "#") return resource;
  if (text?.startsWith("#")) return resource.contained?.find((contained) => contained.id === text.slice(1));
  const entry = resource.resourceType === "Bundle" && resource.entry?.find((entry) => entry.fullUrl === text);
  if (entry) return entry.resource;
  const type = text?.split("/_history/")[0].match(/(?:^|\/)([A-Z]\w+)(?:\/[^/?#|]*|\?.*)$/)?.[1] ?? declared;
  return type && { resourceType: type };
}

/** The library's own asks a server. */
const resolve = {
  arity: { 0: [] },
  internalStructures: true,
  fn(nodes) {
    return nodes.flatMap((node) => {
      const value = fhirpath.util.valData(node);
      const found = typeof value === "string" ? resolved(value) : resolved(value?.reference, value?.type);
      return found ? [node.constructor.makeResNode(this, found, null, null, null, null)] : [];
    });
  },
};
const options = { userInvocationTable: { resolve }, traceFn() {} };

const files = new Map();
function read(file) {
  if (!file) return [];
  if (!files.has(file)) files.set(file, JSON.parse(readFileSync(file, "utf8")));
  return files.get(file);
}

const compiled = new Map();
function answer({ file, previous, expression }) {
  resource = read(file);
  try {
    if (!compiled.has(expression)) compiled.set(expression, fhirpath.compile(expression, r4, options));
    const evaluate = compiled.get(expression);
    const isTrigger = previous !== undefined;
    const variables = isTrigger ? { previous: read(previous), current: resource } : { resource, rootResource: resource };
    return { items: evaluate(isTrigger ? {} : resource, variables) };
  } catch (error) {
    // R4's own search parameters use "as" on several items, which the language forbids: then it is to mean ofType().
    const several = expression.replace(/([\w.]+) as (\w+)/g, "$1.ofType($2)").replace(/\bas\(/g, "ofType(");
    if (/singleton on left side of 'as'/.test(error.message) && several !== expression) {
      return answer({ file, previous, expression: several });
    }
    return { error: String(error.message ?? error) };
  }
}

/** A text that is the same for what is the same: the order of an object's properties says nothing. */
function text(value) {
  return JSON.stringify(value, (_, inner) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

let asked = 0;
let errors = 0;
const expressions = new Set();
const unargued = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  const here = question.answer;
  const there = answer(question);
  asked += 1;
  expressions.add(question.expression);
  if (here.error && there.error) errors += 1;
  if (here.error ? there.error : !there.error && text(here.items) === text(there.items)) continue;
  const where = `${question.expression} on ${question.file}`;
  const known = differences.find(({ part }) => where.includes(part));
  if (known) known.count += 1;
  else unargued.set(question.expression, [...(unargued.get(question.expression) ?? []), { question, here, there }]);
}

for (const [expression, cases] of unargued) {
  const [{ question, here, there }] = cases;
  const shown = (answered) => text(answered.error ?? answered.items).slice(0, 600);
  console.log(`DIFFERS ${cases.length} times: ${expression}`);
  console.log(`  on ${[question.previous, question.file].filter(Boolean).join(" and ")}`);
  console.log(`  here:  ${shown(here)}\n  there: ${shown(there)}`);
}
const count = differences.reduce((sum, { count }) => sum + count, 0);
console.log(`${asked} answers to ${expressions.size} expressions: ${count} differences are argued; ${errors} errors on both sides`);
process.exitCode = unargued.size || !asked ? 1 : 0;
