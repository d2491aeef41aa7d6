// What the tests of the JavaScript clients share: where the server is, whose tokens there are, and lines of `ok` and `not ok`.

import { readFileSync } from 'node:fs';

/** The base address of the server. */
export const base = process.env.BASE;

/** What makes identifiers of this run those of this client. */
export const mark = process.env.MARK;

/** The token of a demo persona: epr, hub, reablement, patient-1, nobody. */
export const token = persona => process.env[`TOKEN_${persona.replace('-', '_')}`];

/** A Bundle of the README's story, with identifiers of this client's own. */
export const story = name => JSON.parse(readFileSync(`${process.env.STORY}/${name}.json`, 'utf8'));

/** A patient as all tests use one. */
export const patient = (family, value) => ({
    resourceType: 'Patient',
    identifier: [{ system: 'https://clients.example/id', value: `${mark}-${value}` }],
    name: [{ family, given: ['Ada'] }],
    birthDate: '1941-03-09',
});

let good = 0;
let bad = 0;

/** Carries out one test. What follows is tried too when it fails. */
export async function check(sentence, body) {
    try {
        await body();
        good += 1;
        console.log(`ok ${sentence}`);
    } catch (error) {
        bad += 1;
        console.log(`not ok ${sentence}`);
        console.log(String(error?.stack ?? error).replace(/^/gm, '    '));
    }
}

/** The error of a promise that must fail. */
export async function refused(promise) {
    let value;
    try {
        value = await promise;
    } catch (error) {
        return error;
    }
    throw new Error(`was not refused: ${JSON.stringify(value)}`);
}

/** The total, and the exit code. */
export function end() {
    console.log(`${good} ok, ${bad} not ok`);
    process.exit(bad === 0 ? 0 : 1);
}
