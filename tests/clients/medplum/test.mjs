// @medplum/core against HomeFirst: the calls of MedplumClient that are FHIR's, not Medplum's own.

import assert from 'node:assert/strict';
import { MedplumClient, OperationOutcomeError } from '@medplum/core';
import { base, check, end, mark, patient, refused, story, token } from './check.mjs';

// The addresses of a FHIR server that is not Medplum's: everything below one base.
const connect = persona => {
    const client = new MedplumClient({ baseUrl: `${base}/`, fhirUrlPath: '', cacheTime: 0 });
    if (persona) client.setAccessToken(token(persona));
    return client;
};
const client = connect('epr');
const hub = connect('hub');
const system = 'https://clients.example/id';
const told = error => {
    assert.ok(error instanceof OperationOutcomeError, String(error));
    return error.outcome.issue.map(issue => issue.details?.text ?? issue.diagnostics).join(' ');
};
let first;

await check('it starts: the capability statement', async () => {
    const statement = await connect().get(client.fhirUrl('metadata'));
    assert.equal(statement.resourceType, 'CapabilityStatement');
});

await check('without a token the error is an OperationOutcome', async () => {
    const error = await refused(connect().search('Patient'));
    assert.ok(error instanceof OperationOutcomeError);
});

await check('a token without scopes: the error tells', async () => {
    assert.match(told(await refused(connect('nobody').search('Patient'))), /scope/);
});

await check('createResource, readResource, readVersion, readReference', async () => {
    first = await client.createResource(patient('Ackroyd', 'a'));
    assert.equal(first.meta.versionId, '1');
    assert.deepEqual(await client.readResource('Patient', first.id), first);
    assert.deepEqual(await client.readVersion('Patient', first.id, '1'), first);
    assert.deepEqual(await client.readReference({ reference: `Patient/${first.id}` }), first);
});

await check('createResourceIfNoneExist', async () => {
    const query = `identifier=${system}|${mark}-b`;
    const made = await client.createResourceIfNoneExist(patient('Beeston', 'b'), query);
    const again = await client.createResourceIfNoneExist(patient('Beeston', 'b'), query);
    assert.deepEqual(again, made);
});

await check('upsertResource: creates, then updates', async () => {
    const query = { identifier: `${system}|${mark}-c` };
    const made = await client.upsertResource(patient('Chapeltown', 'c'), query);
    const changed = await client.upsertResource({ ...patient('Chapeltown', 'c'), gender: 'female' }, query);
    assert.equal(changed.id, made.id);
    assert.equal(changed.meta.versionId, '2');
});

await check('updateResource with If-Match; a stale one tells why', async () => {
    const options = () => ({ headers: { 'If-Match': 'W/"1"' } });
    const updated = await client.updateResource({ ...first, gender: 'female' }, options());
    assert.equal(updated.meta.versionId, '2');
    const error = await refused(client.updateResource({ ...first, gender: 'male' }, options()));
    assert.match(told(error), /version/i);
});

await check('an update that changes nothing is answered with the same version', async () => {
    const current = await client.readResource('Patient', first.id);
    assert.equal((await client.updateResource(current)).meta.versionId, '2');
});

await check('what is malformed is refused with every finding', async () => {
    const error = await refused(client.createResource({ resourceType: 'Patient', birthDate: 'x', gender: 1, colour: 'red' }));
    assert.ok(error.outcome.issue.length >= 3);
});

await check('search, searchOne, searchResources', async () => {
    const query = { identifier: `${system}|${mark}-a`, family: 'ackroyd', birthdate: 'ge1941' };
    assert.equal((await client.search('Patient', query)).total, 1);
    assert.equal((await client.searchOne('Patient', query)).id, first.id);
    const found = await client.searchResources('Patient', query);
    assert.deepEqual(found.map(one => one.id), [first.id]);
    assert.equal(await client.searchOne('Patient', { identifier: `${system}|nobody` }), undefined);
});

await check('searchResourcePages shows everything once', async () => {
    const entry = Array.from({ length: 23 }, (_, n) => ({
        resource: patient(`Paged${mark}`, `p${n}`), request: { method: 'POST', url: 'Patient' },
    }));
    await client.executeBatch({ resourceType: 'Bundle', type: 'batch', entry });
    const seen = [];
    let pages = 0;
    for await (const page of client.searchResourcePages('Patient', { family: `Paged${mark}`, _count: '5' })) {
        seen.push(...page.map(one => one.id));
        pages += 1;
    }
    assert.equal(seen.length, 23);
    assert.equal(new Set(seen).size, 23);
    assert.equal(pages, 5);
});

await check('patchResource', async () => {
    const value = [{ system: 'phone', value: '0113 496 0000' }];
    const patched = await client.patchResource('Patient', first.id, [
        { op: 'test', path: '/meta/versionId', value: '2' }, { op: 'add', path: '/telecom', value },
    ]);
    assert.deepEqual(patched.telecom, value);
    const error = await refused(client.patchResource('Patient', first.id, [
        { op: 'test', path: '/meta/versionId', value: '2' }, { op: 'remove', path: '/telecom' },
    ]));
    assert.match(told(error), /test/);
});

await check('executeBatch with a transaction: references to new resources', async () => {
    const person = 'urn:uuid:9f7ba0a0-5d3e-4f0a-8a3c-0f3f5a6f0001';
    const answer = await client.executeBatch({
        resourceType: 'Bundle', type: 'transaction', entry: [
            { fullUrl: person, resource: patient('Dewsbury', 'd'), request: { method: 'POST', url: 'Patient' } },
            {
                resource: {
                    resourceType: 'Observation', status: 'final', code: { text: 'Walks alone' },
                    subject: { reference: person }, valueBoolean: true,
                },
                request: { method: 'POST', url: 'Observation' },
            },
        ],
    });
    const [made, observation] = answer.entry.map(entry => entry.resource);
    assert.equal(observation.subject.reference, `Patient/${made.id}`);
    const query = { _id: observation.id, _include: 'Observation:subject' };
    const found = await client.search('Observation', query);
    assert.deepEqual(found.entry.map(entry => entry.search.mode), ['match', 'include']);
    const everything = await client.readPatientEverything(made.id);
    assert.deepEqual(everything.entry.map(entry => entry.resource.resourceType), ['Patient', 'Observation']);
});

await check('requests that are batched by the client', async () => {
    const batching = new MedplumClient({ baseUrl: `${base}/`, fhirUrlPath: '', cacheTime: 0, autoBatchTime: 20 });
    batching.setAccessToken(token('epr'));
    const [one, two, none] = await Promise.allSettled([
        batching.readResource('Patient', first.id),
        batching.readResource('Organization', 'leeds-hub'),
        batching.readResource('Patient', 'not-there'),
    ]);
    assert.equal(one.value.id, first.id);
    assert.equal(two.value.id, 'leeds-hub');
    assert.match(told(none.reason), /not-there/);
});

await check('readHistory', async () => {
    const history = await client.readHistory('Patient', first.id);
    assert.deepEqual(history.entry.map(entry => entry.resource.meta.versionId), ['3', '2', '1']);
});

await check('validateResource: good, and bad', async () => {
    const good = await client.validateResource(patient('F', 'f'));
    assert.ok(good.issue.every(issue => ['information', 'warning'].includes(issue.severity)));
    const bad = await client.validateResource({ ...patient('F', 'f'), gender: 'no-such-code' });
    assert.match(JSON.stringify(bad), /no-such-code/);
});

await check('valueSetExpand', async () => {
    const expanded = await client.valueSetExpand({ url: 'http://hl7.org/fhir/ValueSet/task-status', filter: 'acc' });
    assert.deepEqual(expanded.expansion.contains.map(one => one.code), ['accepted']);
});

await check('deleteResource, and what is gone', async () => {
    const made = await client.createResource(patient('Gipton', 'g'));
    await client.deleteResource('Patient', made.id);
    assert.match(told(await refused(client.readResource('Patient', made.id))), /deleted/);
    assert.ok(told(await refused(client.readResource('Patient', 'never-there'))));
});

await check('the story: a discharge, a referral, and its Task', async () => {
    const discharge = await client.executeBatch(story('discharge'));
    assert.ok(discharge.entry.every(entry => entry.response.status.startsWith('201')));
    const referral = await hub.executeBatch(story('referral'));
    const reablement = connect('reablement');
    const task = await reablement.searchOne('Task', { focus: `ServiceRequest/${referral.entry[0].resource.id}` });
    assert.equal(task.status, 'requested');
    const move = (status, version) =>
        reablement.updateResource({ ...task, status }, { headers: { 'If-Match': `W/"${version}"` } });
    assert.equal((await move('received', 1)).status, 'received');
    assert.match(told(await refused(move('completed', 2))), /cannot move from 'received' to 'completed'/);
});

await check('a Subscription', async () => {
    const made = await client.createResource(story('subscription-hospital'));
    assert.equal(made.status, 'requested');
    await client.deleteResource('Subscription', made.id);
});

end();
