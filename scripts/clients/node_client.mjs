// A task's life by the client of npm: created, claimed with the credentials that a worker gets, completed, indexed.
// The argument is the path of the client's module.

import assert from 'node:assert';

const {default: taskcluster} = await import(process.argv[2]);

const options = taskcluster.fromEnvVars();
const queue = new taskcluster.Queue(options);

const definition = () => ({
  taskQueueId: 'proj-test/node',
  created: taskcluster.fromNowJSON('0 seconds'),
  deadline: taskcluster.fromNowJSON('1 hour'),
  routes: ['index.test.node'],
  payload: {},
  metadata: {name: 'n', description: 'd', owner: 'a@example.com', source: 'https://example.com'},
});

/** The error that a call must end with. */
const refused = async (call, status, code) => {
  const error = await call.then(() => null, error => error);
  assert.strictEqual(error && error.statusCode, status, String(error));
  assert.strictEqual(error.code, code);
  return error;
};

const main = async () => {
  assert.strictEqual((await queue.ping()).alive, true);
  const taskId = taskcluster.slugid();
  const task = definition();
  assert.strictEqual((await queue.createTask(taskId, task)).status.state, 'pending');
  assert.strictEqual((await queue.createTask(taskId, task)).status.state, 'pending');
  await refused(queue.createTask(taskId, {...task, priority: 'high'}), 409, 'RequestConflict');
  await refused(queue.status(taskcluster.slugid()), 404, 'ResourceNotFound');

  const worker = {workerGroup: 'local', workerId: 'node-1'};
  const {tasks: [claim]} = await queue.claimWork('proj-test/node', {...worker, tasks: 1});
  assert.strictEqual(claim.status.taskId, taskId);
  const inTask = new taskcluster.Queue({...options, credentials: claim.credentials});
  await refused(inTask.cancelTask(taskId), 403, 'InsufficientScopes');
  const artifact = await inTask.createArtifact(taskId, '0', 'public/a.txt', {
    storageType: 's3', contentType: 'text/plain', expires: taskcluster.fromNowJSON('1 hour'),
  });
  const sent = await fetch(artifact.putUrl, {method: 'PUT', body: 'hello', headers: {'Content-Type': 'text/plain'}});
  assert.strictEqual(sent.status, 200);
  assert.strictEqual((await inTask.reportCompleted(taskId, '0')).status.state, 'completed');

  const url = queue.buildSignedUrl(queue.getLatestArtifact, taskId, 'public/a.txt');
  assert.strictEqual(await (await fetch(url)).text(), 'hello');
  const index = new taskcluster.Index(options);
  assert.strictEqual((await index.findTask('test.node')).taskId, taskId);
  const listed = await queue.listTaskGroup(taskId).catch(error => error);
  assert.strictEqual(listed.tasks.length, 1, String(listed));
  console.log(`taskcluster-client (npm) lived a task's life at ${options.rootUrl}`);
};

await main();
