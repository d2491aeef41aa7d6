// fhir-kit-client against HomeFirst: every call that the client has.

import assert from 'node:assert/strict';
import { CapabilityTool, Client } from 'fhir-kit-client';
import { base, check, end, mark, patient, refused, story, token } from './check.mjs';

const client = new Client({ baseUrl: base, bearerToken: token('epr') });
const hub = new Client({ baseUrl: base, bearerToken: token('hub') });
const diagnostics = error => error.response.data.issue.map(issue => issue.diagnostics).join(' ');
const header = (resource, name) => Client.httpFor(resource).response.headers.get(name);
const resources = bundle => (bundle.entry ?? []).map(entry => entry.resource);
const system = 'https://clients.example/id';
let first;

await check('the capability statement says what may be done', async () => {
    const statement = await new Client({ baseUrl: base }).capabilityStatement();
    assert.equal(statement.fhirVersion, '4.0.1');
    const tool = new CapabilityTool(statement);
    assert.ok(tool.serverCan('transaction'));
    assert.ok(tool.resourceCan('Task', 'search-type'));
    assert.ok(tool.resourceSearch('Task', 'owner'));
});

await check('where tokens are had, whichever document the client reads first', async () => {
    const { tokenUrl } = await new Client({ baseUrl: base }).smartAuthMetadata();
    assert.equal(tokenUrl.href, `${base}/auth/token`);
});

await check('without a token the answer is 401, with a reason', async () => {
    const error = await refused(new Client({ baseUrl: base }).search({ resourceType: 'Patient' }));
    assert.equal(error.response.status, 401);
    assert.match(diagnostics(error), /token/);
});

await check('a token without scopes is 403, with a reason', async () => {
    const nobody = new Client({ baseUrl: base, bearerToken: token('nobody') });
    const error = await refused(nobody.search({ resourceType: 'Patient' }));
    assert.equal(error.response.status, 403);
    assert.match(diagnostics(error), /scope/);
});

await check('create answers with the resource, its Location and its ETag', async () => {
    first = await client.create({ resourceType: 'Patient', body: patient('Ackroyd', 'a') });
    assert.equal(Client.httpFor(first).response.status, 201);
    assert.equal(header(first, 'location'), `${base}/Patient/${first.id}/_history/1`);
    assert.equal(header(first, 'etag'), 'W/"1"');
});

await check('read and vread', async () => {
    const read = await client.read({ resourceType: 'Patient', id: first.id });
    assert.deepEqual(read, first);
    assert.deepEqual(await client.vread({ resourceType: 'Patient', id: first.id, version: '1' }), first);
    assert.deepEqual(await client.resolve({ reference: `${base}/Patient/${first.id}` }), first);
    assert.deepEqual(await client.resolve({ reference: `Patient/${first.id}` }), first);
});

await check('a read with a known ETag is 304', async () => {
    const options = { headers: { 'If-None-Match': 'W/"1"' } };
    const error = await refused(client.read({ resourceType: 'Patient', id: first.id, options }));
    assert.equal(error.response.status, 304);
});

await check('conditional create: once, with a query and with an address before it', async () => {
    const body = patient('Beeston', 'b');
    const made = [];
    for (const before of ['', '?', 'Patient?', `${base}/Patient?`]) {
        const options = { headers: { 'If-None-Exist': `${before}identifier=${system}|${mark}-b` } };
        made.push(await client.create({ resourceType: 'Patient', body, options }));
    }
    assert.deepEqual(new Set(made.map(one => one.id)).size, 1);
    assert.deepEqual(made.map(one => Client.httpFor(one).response.status), [201, 200, 200, 200]);
});

await check('conditional update: creates, then updates', async () => {
    const searchParams = { identifier: `${system}|${mark}-c` };
    const update = body => client.update({ resourceType: 'Patient', searchParams, body });
    const made = await update(patient('Chapeltown', 'c'));
    const changed = await update({ ...patient('Chapeltown', 'c'), gender: 'female' });
    assert.equal(changed.id, made.id);
    assert.deepEqual([made.meta.versionId, changed.meta.versionId], ['1', '2']);
});

await check('update with If-Match; a stale one is 412, with a reason', async () => {
    const body = { ...first, gender: 'female' };
    const options = { headers: { 'If-Match': header(first, 'etag') } };
    const updated = await client.update({ resourceType: 'Patient', id: first.id, body, options });
    assert.equal(updated.meta.versionId, '2');
    const stale = { ...first, gender: 'male' };
    const error = await refused(client.update({ resourceType: 'Patient', id: first.id, body: stale, options }));
    assert.equal(error.response.status, 412);
    assert.match(diagnostics(error), /version/i);
});

await check('what is malformed is refused with every finding', async () => {
    const body = { resourceType: 'Patient', birthDate: 'yesterday', gender: 1, colour: 'red' };
    const error = await refused(client.create({ resourceType: 'Patient', body }));
    assert.equal(error.response.status, 400);
    assert.ok(error.response.data.issue.length >= 3);
});

await check('search with several parameters, by GET and by POST', async () => {
    const searchParams = { identifier: `${system}|${mark}-a`, family: 'ackroyd', birthdate: ['ge1941', 'lt1942'] };
    for (const postSearch of [false, true]) {
        const found = await client.search({ resourceType: 'Patient', searchParams, options: { postSearch } });
        assert.deepEqual(resources(found).map(one => one.id), [first.id]);
        assert.equal(found.total, 1);
        assert.equal(found.type, 'searchset');
    }
});

await check('paging shows everything once, by GET and by POST', async () => {
    const entry = Array.from({ length: 23 }, (_, n) => ({
        resource: patient(`Paged${mark}`, `p${n}`), request: { method: 'POST', url: 'Patient' },
    }));
    await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry } });
    for (const postSearch of [false, true]) {
        const searchParams = { family: `Paged${mark}`, _count: 5 };
        let bundle = await client.search({ resourceType: 'Patient', searchParams, options: { postSearch } });
        const seen = [];
        while (bundle) {
            seen.push(...resources(bundle).map(one => one.id));
            bundle = await client.nextPage({ bundle });
        }
        assert.equal(seen.length, 23);
        assert.equal(new Set(seen).size, 23);
    }
});

await check('patch: JSON Patch, and a test that fails', async () => {
    const id = first.id;
    const jsonPatch = [{ op: 'add', path: '/telecom', value: [{ system: 'phone', value: '0113 496 0000' }] }];
    const patched = await client.patch({ resourceType: 'Patient', id, jsonPatch });
    assert.equal(patched.telecom[0].value, '0113 496 0000');
    const failing = [{ op: 'test', path: '/gender', value: 'male' }, { op: 'remove', path: '/gender' }];
    const error = await refused(client.patch({ resourceType: 'Patient', id, jsonPatch: failing }));
    assert.equal(error.response.status, 422);
    assert.match(diagnostics(error), /test/);
});

await check('transaction: references to new resources, in both directions of the Bundle', async () => {
    const person = 'urn:uuid:9f7ba0a0-5d3e-4f0a-8a3c-0f3f5a6f0001';
    const body = {
        resourceType: 'Bundle', type: 'transaction', entry: [
            {
                resource: {
                    resourceType: 'Observation', status: 'final', code: { text: 'Walks alone' },
                    subject: { reference: person }, valueBoolean: true,
                },
                request: { method: 'POST', url: 'Observation' },
            },
            { fullUrl: person, resource: patient('Dewsbury', 'd'), request: { method: 'POST', url: 'Patient' } },
        ],
    };
    const answer = await client.transaction({ body });
    assert.equal(answer.type, 'transaction-response');
    assert.ok(answer.entry.every(entry => entry.response.status.startsWith('201')));
    const [observation, made] = resources(answer);
    assert.equal(observation.subject.reference, `Patient/${made.id}`);
    const searchParams = { subject: `Patient/${made.id}`, _include: 'Observation:subject' };
    const found = await client.search({ resourceType: 'Observation', searchParams });
    assert.deepEqual(found.entry.map(entry => entry.search.mode), ['match', 'include']);
    assert.deepEqual(await client.resolve({ reference: `Patient/${made.id}`, context: found }), made);
    const compartment = { resourceType: 'Patient', id: made.id };
    assert.deepEqual(resources(await client.search({ resourceType: 'Observation', compartment })), [observation]);
    const everything = await client.operation({ name: 'everything', resourceType: 'Patient', id: made.id, method: 'GET' });
    assert.deepEqual(new Set(resources(everything).map(one => one.resourceType)), new Set(['Patient', 'Observation']));
});

await check('a transaction with one bad entry does nothing, and says which', async () => {
    const entry = [patient('Elland', 'e'), { resourceType: 'Patient', gender: 'unknown-code' }].map(resource => ({
        resource, request: { method: 'POST', url: 'Patient' },
    }));
    const error = await refused(client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry } }));
    assert.match(JSON.stringify(error.response.data), /entry\[1\]/);
    const found = await client.search({ resourceType: 'Patient', searchParams: { identifier: `${system}|${mark}-e` } });
    assert.equal(found.total, 0);
});

await check('batch: each entry has its own status', async () => {
    const entry = [
        { request: { method: 'GET', url: `Patient/${first.id}` } },
        { request: { method: 'GET', url: 'Patient/not-there' } },
        { request: { method: 'GET', url: `Patient?identifier=${system}|${mark}-a` } },
    ];
    const answer = await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry } });
    assert.deepEqual(answer.entry.map(one => one.response.status.slice(0, 3)), ['200', '404', '200']);
    assert.equal(answer.entry[1].response.outcome.resourceType, 'OperationOutcome');
});

await check('history of an instance, of a type and of everything', async () => {
    const history = await client.history({ resourceType: 'Patient', id: first.id });
    assert.equal(history.type, 'history');
    assert.deepEqual(resources(history).map(one => one.meta.versionId), ['3', '2', '1']);
    assert.ok((await client.history({ resourceType: 'Patient' })).entry.length > 3);
    assert.ok((await client.history()).entry.length > 3);
});

await check('search of the whole system', async () => {
    const found = await client.search({ searchParams: { _type: 'Patient,Observation', _id: first.id } });
    assert.deepEqual(resources(found).map(one => one.id), [first.id]);
});

await check('operations: $validate, $expand, $lookup', async () => {
    const outcome = await client.operation({ name: 'validate', resourceType: 'Patient', input: patient('F', 'f') });
    assert.ok(outcome.issue.every(issue => ['information', 'warning'].includes(issue.severity)));
    const input = { url: 'http://hl7.org/fhir/ValueSet/task-status' };
    const expanded = await client.operation({ name: '$expand', resourceType: 'ValueSet', method: 'GET', input });
    assert.ok(expanded.expansion.contains.some(one => one.code === 'accepted'));
    const lookup = await client.operation({
        name: 'lookup', resourceType: 'CodeSystem', input: {
            resourceType: 'Parameters', parameter: [
                { name: 'system', valueUri: 'http://hl7.org/fhir/task-status' }, { name: 'code', valueCode: 'accepted' },
            ],
        },
    });
    assert.equal(lookup.parameter.find(one => one.name === 'display').valueString, 'Accepted');
});

await check('delete, and 410 afterwards', async () => {
    const made = await client.create({ resourceType: 'Patient', body: patient('Gipton', 'g') });
    await client.delete({ resourceType: 'Patient', id: made.id });
    const error = await refused(client.read({ resourceType: 'Patient', id: made.id }));
    assert.equal(error.response.status, 410);
    assert.match(diagnostics(error), /deleted/);
    await client.delete({ resourceType: 'Patient', id: made.id });
});

await check('the story: a discharge, a referral, and its Task', async () => {
    const discharge = await client.transaction({ body: story('discharge') });
    assert.ok(discharge.entry.every(entry => entry.response.status.startsWith('201')));
    assert.match(JSON.stringify(discharge), /"valueCode":"ready"/);
    const referral = await hub.transaction({ body: story('referral') });
    const focus = `ServiceRequest/${referral.entry[0].resource.id}`;
    const reablement = new Client({ baseUrl: base, bearerToken: token('reablement') });
    const searchParams = { focus, _include: 'Task:focus' };
    const found = resources(await reablement.search({ resourceType: 'Task', searchParams }));
    assert.deepEqual(found.map(one => one.resourceType), ['Task', 'ServiceRequest']);
    const [task] = found;
    const { id } = task;
    const error = await refused(reablement.update({ resourceType: 'Task', id, body: { ...task, status: 'received' } }));
    assert.equal(error.response.status, 400);
    assert.match(diagnostics(error), /If-Match/);
    const options = { headers: { 'If-Match': 'W/"1"' } };
    const received = await reablement.update({ resourceType: 'Task', id, body: { ...task, status: 'received' }, options });
    assert.equal(received.status, 'received');
    const jump = { ...received, status: 'completed' };
    const forbidden = await refused(reablement.update({
        resourceType: 'Task', id, body: jump, options: { headers: { 'If-Match': header(received, 'etag') } },
    }));
    assert.equal(forbidden.response.status, 409);
    assert.match(diagnostics(forbidden), /cannot move from 'received' to 'completed'/);
    const again = await hub.transaction({ body: story('referral') });
    assert.ok(again.entry[0].response.status.startsWith('200'));
});

await check('a Subscription is taken, and tells its status', async () => {
    const made = await client.create({ resourceType: 'Subscription', body: story('subscription-hospital') });
    assert.equal(made.status, 'requested');
    const status = await client.operation({ name: 'status', resourceType: 'Subscription', id: made.id, method: 'GET' });
    assert.equal(resources(status)[0].resourceType, 'Parameters');
    await client.delete({ resourceType: 'Subscription', id: made.id });
});

end();
