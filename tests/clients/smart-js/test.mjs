// fhirclient (SMART on FHIR, JavaScript) against HomeFirst: how an app starts, and the calls of its client.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import smart from 'fhirclient';
import { SignJWT, importPKCS8 } from 'jose';
import { base, check, end, mark, patient, refused, story, token } from './check.mjs';

const system = 'https://clients.example/id';

/** What an app has on a server of its own: a request of its user, and a session. */
function app() {
    const kept = new Map();
    const storage = {
        get: async key => kept.get(key),
        set: async (key, value) => kept.set(key, value),
        unset: async key => kept.delete(key),
    };
    return smart({ headers: { host: 'app.example' }, url: '/', socket: {}, connection: {} }, {}, storage);
}

const connect = persona => app().client({ serverUrl: base, tokenResponse: { access_token: token(persona) } });
const client = connect('epr');
const hub = connect('hub');
const post = (client, body) =>
    client.request({ url: '', method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
let first;

await check('it starts: without a login page the app goes straight on', async () => {
    const to = await app().authorize({ iss: base, clientId: 'app', scope: 'patient/*.rs', redirectUri: 'http://app.example/', noRedirect: true });
    assert.match(to, /^http:\/\/app\.example\/\?state=/);
});

await check('a system logs in by itself: SMART Backend Services, with a key (jose)', async () => {
    const discovered = await (await fetch(`${base}/.well-known/smart-configuration`)).json();
    assert.ok(discovered.capabilities.includes('client-confidential-asymmetric'));
    assert.ok(discovered.token_endpoint_auth_signing_alg_values_supported.includes('ES384'));
    const key = await importPKCS8(readFileSync(process.env.CLIENT_KEY, 'utf8'), 'ES384');
    const assertion = () => new SignJWT({})
        .setProtectedHeader({ alg: 'ES384', kid: 'clients-1', typ: 'JWT' })
        .setIssuer('clients').setSubject('clients').setAudience(discovered.token_endpoint)
        .setJti(randomUUID()).setIssuedAt().setExpirationTime('4m').sign(key);
    const ask = async (scope, client_assertion) => {
        const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
        const body = new URLSearchParams({ grant_type: 'client_credentials', scope, client_assertion_type, client_assertion });
        const response = await fetch(discovered.token_endpoint, { method: 'POST', body });
        return { status: response.status, ...(await response.json()) };
    };
    const once = await assertion();
    const tokenResponse = await ask('system/Patient.rs', once);
    assert.equal(tokenResponse.status, 200);
    assert.ok(tokenResponse.expires_in <= 300);
    const system = app().client({ serverUrl: base, tokenResponse });
    assert.equal((await system.request('Patient/patient-1')).id, 'patient-1');
    assert.equal((await refused(system.request('Task'))).status, 403);
    const again = await ask('system/Patient.rs', once);
    assert.deepEqual([again.status, again.error], [400, 'invalid_client']);
    assert.match(again.error_description, /jti/);
    assert.equal((await ask('user/Patient.rs', await assertion())).error, 'invalid_scope');
});

await check('the version of the server', async () => {
    assert.equal(await client.getFhirVersion(), '4.0.1');
    assert.equal(await client.getFhirRelease(), 4);
});

await check('without a token, and without scopes: the errors tell', async () => {
    const open = new smart.FhirClient(base);
    const unknown = await refused(open.fhirRequest('Patient'));
    assert.equal(unknown.status, 401);
    assert.match(unknown.message, /OperationOutcome[^]*token/);
    const forbidden = await refused(connect('nobody').request('Patient'));
    assert.equal(forbidden.status, 403);
    assert.match(forbidden.message, /scope/);
});

await check('create, request, and the answer with its headers', async () => {
    first = await client.create(patient('Ackroyd', 'a'));
    assert.equal(first.meta.versionId, '1');
    assert.deepEqual(await client.request(`Patient/${first.id}`), first);
    assert.deepEqual(await client.request(`Patient/${first.id}/_history/1`), first);
    const { body, response } = await client.create(patient('Aireborough', 'aa'), { includeResponse: true });
    assert.equal(response.headers.get('location'), `${base}/Patient/${body.id}/_history/1`);
});

await check('conditional create', async () => {
    const headers = { 'If-None-Exist': `identifier=${system}|${mark}-b` };
    const made = await client.create(patient('Beeston', 'b'), { headers });
    assert.deepEqual(await client.create(patient('Beeston', 'b'), { headers }), made);
});

await check('update; a stale one tells why', async () => {
    const headers = { 'If-Match': 'W/"1"' };
    const updated = await client.update({ ...first, gender: 'female' }, { headers });
    assert.equal(updated.meta.versionId, '2');
    const error = await refused(client.update({ ...first, gender: 'male' }, { headers }));
    assert.equal(error.status, 412);
    assert.match(error.message, /version/i);
});

await check('patch', async () => {
    const value = [{ system: 'phone', value: '0113 496 0000' }];
    const patched = await client.patch(`Patient/${first.id}`, [{ op: 'add', path: '/telecom', value }]);
    assert.deepEqual(patched.telecom, value);
});

await check('what is malformed is refused', async () => {
    const error = await refused(client.create({ resourceType: 'Patient', birthDate: 'x', gender: 1, colour: 'red' }));
    assert.equal(error.status, 400);
    assert.match(error.message, /colour/);
});

await check('search with several parameters', async () => {
    const query = new URLSearchParams({ identifier: `${system}|${mark}-a`, family: 'ackroyd', birthdate: 'ge1941' });
    const found = await client.request(`Patient?${query}`, { flat: true });
    assert.deepEqual(found.map(one => one.id), [first.id]);
});

await check('paging shows everything once: as one list, page by page, and as iterators', async () => {
    const entry = Array.from({ length: 23 }, (_, n) => ({
        resource: patient(`Paged${mark}`, `p${n}`), request: { method: 'POST', url: 'Patient' },
    }));
    await post(client, { resourceType: 'Bundle', type: 'batch', entry });
    const url = `Patient?family=Paged${mark}&_count=5`;
    const all = await client.request(url, { pageLimit: 0, flat: true });
    assert.equal(new Set(all.map(one => one.id)).size, 23);
    let pages = 0;
    await client.request(url, { pageLimit: 0, onPage: () => { pages += 1; } });
    assert.equal(pages, 5);
    const seen = new Set();
    for await (const one of client.resources(url)) seen.add(one.id);
    assert.equal(seen.size, 23);
});

await check('transaction, and references that the client resolves', async () => {
    const person = 'urn:uuid:9f7ba0a0-5d3e-4f0a-8a3c-0f3f5a6f0001';
    const answer = await post(client, {
        resourceType: 'Bundle', type: 'transaction', entry: [
            { fullUrl: person, resource: patient('Dewsbury', 'd'), request: { method: 'POST', url: 'Patient' } },
            {
                resource: {
                    resourceType: 'Observation', status: 'final', subject: { reference: person },
                    code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
                    valueQuantity: { value: 71.5, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
                },
                request: { method: 'POST', url: 'Observation' },
            },
        ],
    });
    const [made, observation] = answer.entry.map(entry => entry.resource);
    const read = await client.request(`Observation/${observation.id}`, { resolveReferences: ['subject'] });
    assert.deepEqual(read.subject, made);
    const found = await client.request(`Observation?subject=Patient/${made.id}&_include=Observation:subject`);
    assert.deepEqual(found.entry.map(entry => entry.search.mode), ['match', 'include']);
    const weights = client.byCode(found.entry.map(entry => entry.resource), 'code');
    assert.equal(client.units.kg(weights['29463-7'][0].valueQuantity), 71.5);
});

await check('a user who is a patient: their own record', async () => {
    const own = app().client({ serverUrl: base, tokenResponse: { access_token: token('patient-1'), patient: 'patient-1' } });
    assert.equal((await own.patient.read()).id, 'patient-1');
    const found = await own.patient.request('ServiceRequest');
    assert.equal(found.resourceType, 'Bundle');
    assert.equal((await refused(own.request(`Patient/${first.id}`))).status, 404);
});

await check('history, and $everything', async () => {
    const history = await client.request(`Patient/${first.id}/_history`);
    assert.deepEqual(history.entry.map(entry => entry.resource.meta.versionId), ['3', '2', '1']);
    assert.equal((await client.request(`Patient/${first.id}/$everything`, { flat: true }))[0].id, first.id);
});

await check('delete, and 410 afterwards', async () => {
    const made = await client.create(patient('Gipton', 'g'));
    await client.delete(`Patient/${made.id}`);
    const error = await refused(client.request(`Patient/${made.id}`));
    assert.equal(error.status, 410);
    assert.match(error.message, /deleted/);
});

await check('the story: a discharge, a referral, and its Task', async () => {
    const discharge = await post(client, story('discharge'));
    assert.ok(discharge.entry.every(entry => entry.response.status.startsWith('201')));
    const referral = await post(hub, story('referral'));
    const team = connect('reablement');
    const url = `Task?focus=ServiceRequest/${referral.entry[0].resource.id}`;
    const [task] = await team.request(url, { flat: true, resolveReferences: ['focus'] });
    const [stored] = await team.request(url, { flat: true });
    assert.equal(stored.focus.reference, `ServiceRequest/${referral.entry[0].resource.id}`);
    assert.equal(task.status, 'requested');
    const received = await team.update({ ...stored, status: 'received' }, { headers: { 'If-Match': 'W/"1"' } });
    const error = await refused(team.update({ ...received, status: 'completed' }, { headers: { 'If-Match': 'W/"2"' } }));
    assert.match(error.message, /cannot move from 'received' to 'completed'/);
});

await check('a Subscription', async () => {
    const made = await client.create(story('subscription-hospital'));
    assert.equal(made.status, 'requested');
    await client.delete(`Subscription/${made.id}`);
});

end();
