// @ts-check
// Every word that the console shows. A translation is another file with the same shape.

/** @param {number} n @param {string} one @param {string} many */
const plural = (n, one, many) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** @type {any} */
export const s = {
  more: 'More',
  close: 'Close',
  copy: 'Copy',
  copied: 'Copied',
  copyId: 'Copy the id',
  copyRefused: 'The browser refused to copy. Select the text and copy it by hand.',
  again: 'Try again',
  done: 'Done.',
  loading: 'Loading',
  skip: 'Skip to the content',
  readOnly: 'Read-only',
  readOnlyNote: 'This console changes nothing: read-only mode is on.',
  fellBack: 'The live stream does not hold. The page asks the server every 5 s instead.',
  storageDown: 'The storage does not answer. The figures are the last ones that were known.',
  stale: (/** @type {string} */ at) => `Stale since ${at}: the server has said nothing since then.`,
  celery: (/** @type {string} */ word) => `Celery's word: ${word}`,
  environment: (/** @type {string} */ app, /** @type {string} */ version, /** @type {string} */ name) => `${app} ${version ?? ''} in ${name}`,

  nav: {
    label: 'Pages', home: 'Lovage: overview', more: 'More', waiting: 'waiting', failedOrDead: 'failed in the last hour, or dead letters',
    overview: 'Overview', jobs: 'Jobs', running: 'Running', errors: 'Errors', queues: 'Queues', workers: 'Workers', schedules: 'Schedules',
    metrics: 'Metrics', enqueue: 'Enqueue', local: 'In-process', audit: 'Audit', system: 'System',
  },

  states: {
    scheduled: 'scheduled', queued: 'queued', running: 'running', retrying: 'retrying', succeeded: 'succeeded', failed: 'failed',
    cancelled: 'cancelled', expired: 'expired', dead: 'dead',
  },

  time: {
    now: 'now', here: 'here',
    ago: (/** @type {string} */ age) => `${age} ago`,
    ahead: (/** @type {string} */ age) => `in ${age}`,
  },

  live: {
    label: (/** @type {string} */ state) => `Updates: ${state}`,
    live: 'Live', polling: '5 s', paused: 'Paused', hidden: 'Paused', connecting: 'Connecting',
    liveNote: 'as things change', pollingNote: 'ask every 5 s', pausedNote: 'until you change it',
  },

  theme: { label: 'Theme', auto: 'system', light: 'light', dark: 'dark' },

  errors: {
    http: (/** @type {number} */ status) => `The server answered ${status}.`,
    unreachable: 'The server does not answer.',
    unreachableDetail: 'The network is down, or the process has stopped. The page tries again by itself.',
    notJson: 'The answer is not JSON.',
    notJsonDetail: 'A proxy or a sign-in page may have answered in place of the console. Reload the page.',
    page: 'This page could not be drawn.',
    noPage: 'There is no such page',
    noPageDetail: 'The address may be old. The pages are listed at the side.',
    module: 'A part of the console could not be loaded.',
    moduleDetail: 'The server may have a newer version. Reload the page.',
  },

  dialog: {
    cancel: 'Cancel', reason: 'Reason (optional)', reasonHint: 'The audit keeps it, so that others know why.', typed: 'To go on, type',
  },

  help: {
    title: 'Keyboard',
    keys: [['/', 'search'], ['j k', 'next and previous row'], ['Enter', 'open the row'], ['x', 'select the row'], ['Esc', 'close what is open'], ['?', 'this list']],
    note: 'The keys rest while you type.',
  },

  search: {
    label: 'Search jobs', placeholder: 'Search jobs or paste an id', clear: 'Clear the search', suggestions: 'Suggestions',
    about: {
      id: 'a job by its id', state: 'such as failed,dead', queue: 'the queue', name: 'the job’s name', worker: 'the worker that ran it', since: 'such as 2h or a time',
      until: 'such as 2h or a time', root: 'a whole tree by its root', schedule: 'what a schedule enqueued', fingerprint: 'one kind of error', tag: 'such as order:42',
      args: 'text in the arguments',
    },
  },

  table: {
    columns: 'Columns', all: 'Select all rows shown', more: 'Show more',
    pick: (/** @type {string} */ key) => `Select ${key}`,
    shown: (/** @type {number} */ n, /** @type {any} */ total) => (total ? `${n.toLocaleString('en')} of ${total} shown` : `${n.toLocaleString('en')} shown`),
  },

  chart: {
    time: 'Time', now: 'now', asTable: 'View as table', asChart: 'View as chart', few: 'The first points come within a minute.',
    label: (/** @type {string} */ title, /** @type {string} */ last) => `${title}. Newest: ${last}.`,
  },

  json: {
    open: 'Open', close: 'Close', copy: 'Copy as JSON',
    items: (/** @type {number} */ n) => plural(n, 'item', 'items'),
    rest: (/** @type {number} */ n) => `${plural(n, 'more', 'more')}: show`,
    whole: (/** @type {number} */ n) => `show all ${n.toLocaleString('en')} characters`,
  },

  operations: {
    title: 'Operations',
    running: (/** @type {number} */ n) => plural(n, 'operation runs', 'operations run'),
  },

  overview: {},

  jobs: {},

  job: {},

  running: {},

  failures: {},

  queues: {
    queue: 'Queue', oldest: 'Oldest waits', waiting: 'Waiting', running: 'Running', scheduled: 'Scheduled', workers: 'Workers', rateIn: 'In', rateOut: 'Out', drain: 'Drains in', never: 'does not drain',
    lately: 'Waiting lately', actions: 'Actions', paused: 'paused', noWorker: 'no worker', find: 'Find a queue', show: 'Show', noMatch: 'No queue matches.',
    views: [['all', 'All'], ['waiting', 'Waiting'], ['paused', 'Paused'], ['unserved', 'No worker']],
    actionsOf: (/** @type {string} */ name) => `Actions on ${name}`,
    sparkLabel: (/** @type {string} */ name) => `Waiting jobs in ${name} lately`,
    total: (/** @type {number} */ n) => `${plural(n, 'queue', 'queues')}.`,
    oldestOf: (/** @type {string} */ time, /** @type {string} */ name) => `The oldest waiting job has waited ${time} (${name}).`,
    noneWaits: 'No job waits.',
    pausedOf: (/** @type {number} */ n) => n && `${plural(n, 'is', 'are')} paused.`,
    unservedOf: (/** @type {number} */ n) => n && `${plural(n, 'queue', 'queues')} with waiting jobs ${n === 1 ? 'has' : 'have'} no worker.`,
    empty: 'No queue has held a job yet. A queue appears with its first job.',
    emptyCode: '[Job("mail.welcome", Queue = "mail")] public Task WelcomeAsync(string email, CancellationToken ct) => …\nawait jobs.EnqueueAsync(MailJobs.Welcome("anna@example.org"));',
    isUnserved: (/** @type {number} */ n) => `${plural(n, 'job waits', 'jobs wait')}, and no worker serves this queue.`,
    isPaused: (/** @type {number} */ n, /** @type {number} */ on) => `Paused. ${plural(n, 'job waits', 'jobs wait')}; ${plural(on, 'job', 'jobs')} that already ran ${on === 1 ? 'goes' : 'go'} on.`,
    isEmptying: (/** @type {number} */ n) => `Nothing waits. ${plural(n, 'job runs', 'jobs run')}.`,
    isEmpty: 'Nothing waits and nothing runs.',
    isGrowing: (/** @type {number} */ n) => `${plural(n, 'job waits', 'jobs wait')}, and at this pace the queue does not drain.`,
    isMoving: (/** @type {number} */ n, /** @type {string} */ time) => `${plural(n, 'job waits', 'jobs wait')}. At this pace the queue is empty in ${time}.`,
    depth: 'Jobs by state', allJobs: 'All jobs of this queue', oldestWaiting: 'Oldest waiting job', flow: 'Throughput', oldestWaits: 'Oldest waits',
    succeeded: 'Succeeded', enqueued: 'Enqueued', failed: 'Failed', retried: 'Retried', dead: 'Dead', job: 'Job', names: 'By job, last 24 h', noNames: 'No job of this queue has ended in the last 24 h.',
    workersOf: 'Workers of this queue', noWorkers: 'No worker serves this queue. A worker that names it, or that names no queue, takes its jobs.',
    noWorkersCode: (/** @type {string} */ name) => `builder.AddLovage().AddJobs()\n    .AddWorker(w => w.Queues = [${JSON.stringify(name)}]);`,
    pausedHead: 'This queue is paused.', noReason: 'No reason was given.', pausedBecause: 'It was paused because:',
    pause: 'Pause…', resume: 'Resume…', move: 'Move waiting jobs…', purge: 'Purge…', undo: 'Undo', pauseVerb: 'Pause', resumeVerb: 'Resume',
    pauseTitle: (/** @type {string} */ name) => `Pause ${name}?`,
    pauseNote: (/** @type {number} */ n, /** @type {number} */ on) => `Workers take no more jobs from it. ${plural(n, 'waiting job stays', 'waiting jobs stay')} where ${n === 1 ? 'it is' : 'they are'}; ${plural(on, 'job', 'jobs')} that already ${on === 1 ? 'runs goes' : 'run go'} on.`,
    resumeTitle: (/** @type {string} */ name) => `Resume ${name}?`,
    resumeNote: (/** @type {number} */ n, /** @type {number | null} */ w) => `${plural(n, 'job waits', 'jobs wait')}. ${w === 0 ? 'No worker serves the queue, so they go on waiting.' : 'Workers take them at once.'}`,
    purgeTitle: (/** @type {number} */ n, /** @type {string} */ name) => `Purge ${plural(n, 'job', 'jobs')} of ${name}?`,
    purgeNote: 'All waiting, scheduled and retrying jobs of the queue are cancelled with the reason “purged”. Jobs that run go on.',
    purgeVerb: (/** @type {number} */ n) => `Cancel ${plural(n, 'job', 'jobs')}`,
    nothingWaits: (/** @type {string} */ name) => `No job waits in ${name}.`,
  },

  workers: {},

  schedules: {},

  metrics: {},

  enqueue: {},

  local: {},

  audit: {},

  system: {},
};
