// @ts-check
// Every word that the console shows. A translation is another file with the same shape.

/** @param {number} n @param {string} one @param {string} many */
const plural = (n, one, many) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** A count of jobs that is text already. @param {string} n */
const jobs = n => `${n} ${n === '1' ? 'job' : 'jobs'}`;

/** @type {any} */
export const s = {
  more: 'More',
  userMenu: (/** @type {string} */ user) => `${user}: more`,
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
    cancel: 'Go back', reason: 'Reason (optional)', reasonHint: 'The audit keeps it, so that others know why.', typed: 'To go on, type',
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
    time: 'Time', asTable: 'View as table', asChart: 'View as chart', few: 'The first points come within a minute.',
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

  bulk: {
    filter: 'Filter:', everything: 'all jobs', queue: 'To the queue', spread: 'Spread over', watch: 'Watch', noneLeft: 'No failed or dead job of this group is left.',
    spreads: [['0', 'no spread: at once'], ['60', '1 min'], ['600', '10 min'], ['1800', '30 min'], ['3600', '1 h'], ['21600', '6 h']],
    spreadHint: 'A spread keeps a service that has just recovered from falling again.',
    title: {
      run_again: (/** @type {string} */ n) => `Run ${jobs(n)} again?`, cancel: (/** @type {string} */ n) => `Cancel ${jobs(n)}?`,
      delete: (/** @type {string} */ n) => `Delete ${jobs(n)}?`, move: (/** @type {string} */ n) => `Move ${jobs(n)}?`,
    },
    verb: {
      run_again: (/** @type {string} */ n) => `Run ${jobs(n)} again`, cancel: (/** @type {string} */ n) => `Cancel ${jobs(n)}`,
      delete: (/** @type {string} */ n) => `Delete ${jobs(n)}`, move: (/** @type {string} */ n) => `Move ${jobs(n)}`,
    },
    note: {
      run_again: 'Each ended job keeps its id and gets a fresh set of attempts. Jobs that have not ended are skipped.',
      cancel: 'Jobs that wait never start. Jobs that run are asked to stop.',
      delete: 'The jobs and their history are gone. Nothing brings them back.',
      move: 'Jobs that wait go to the other queue. Jobs that run stay.',
    },
    over: (/** @type {string} */ time) => ` over ${time}`,
    started: {
      run_again: (/** @type {string} */ n, /** @type {string} */ over) => `${jobs(n)} will run again${over}.`, cancel: (/** @type {string} */ n) => `${jobs(n)} will be cancelled.`,
      delete: (/** @type {string} */ n) => `${jobs(n)} will be deleted.`, move: (/** @type {string} */ n) => `${jobs(n)} will be moved.`,
    },
    changed: (/** @type {string} */ n) => `The filter now matches ${jobs(n)}. Look at the number again.`,
  },

  overview: {
    title: 'Overview',
    level: { ok: 'All is well', notice: 'Something to know', bad: 'Something needs attention' },
    storageUp: (/** @type {string} */ name, /** @type {string} */ age) => `${name}, up for ${age}`,
    storageDown: (/** @type {string} */ name) => `${name} does not answer, since`,
    empty: 'Nothing has run yet. Enqueue a job, and it shows here at once.',
    emptyCode: '[Job("mail.welcome")] public Task WelcomeAsync(string email, CancellationToken ct) => …\nawait jobs.EnqueueAsync(MailJobs.Welcome("anna@example.org"));',
    waitingNow: 'Waiting', runningNow: 'Running', scheduledNow: 'Scheduled', done: 'Succeeded', failing: 'Failed',
    queue: 'Queue', queues: 'Queues by oldest waiting job', oldest: 'Oldest waits', waiting: 'Waiting', out: 'Out', lastSamples: 'Waiting jobs lately',
    sparkLabel: (/** @type {string} */ name) => `Waiting jobs in ${name} lately`,
    paused: 'paused', unserved: 'no worker', noQueues: 'No queue has held a job yet.',
    allQueues: (/** @type {number} */ n) => `All ${n.toLocaleString('en')} queues`,
    failures: 'Errors that rose most', error: 'Error', inJob: 'in', lastHour: 'Last hour', since: 'First seen', action: 'Action', runGroup: 'Run again', allErrors: 'All errors',
    rise: (/** @type {number} */ n) => `${n >= 10 ? Math.round(n) : n.toFixed(1)}× usual`,
    noFailures: 'Nothing failed in the last hour.',
    longest: 'Longest running', job: 'Job', runsFor: 'Runs for', usual: 'Usual p95', unknown: 'not known', allRunning: 'All running', nothingRuns: 'Nothing runs right now.',
    workers: 'Workers', asBefore: 'as an hour ago',
    fewer: (/** @type {number} */ n) => `an hour ago there were ${n}`, moreWorkers: (/** @type {number} */ n) => `up from ${n} an hour ago`,
    version: (/** @type {string} */ v, /** @type {number} */ n) => `${n} on ${v}, first seen`,
    dead: 'Dead letters', deadNone: 'none new in the last hour', deadNew: (/** @type {number} */ n) => `${n.toLocaleString('en')} new in the last hour`,
    schedules: 'Schedules', schedulesFine: 'all on time', kind: { late: 'late', broken: 'broken', failed: 'last run failed' },
    flow: 'Throughput and waits', range: 'Range', ranges: [['1h', '1 h'], ['24h', '24 h'], ['7d', '7 d']],
    succeeded: 'Succeeded', enqueued: 'Enqueued', failed: 'Failed', oldestWaiting: 'Oldest waiting job',
  },

  jobs: {
    title: 'Jobs', titleOf: (/** @type {string} */ q) => `${q} · Jobs`,
    filter: 'Filter the jobs', placeholder: 'queue:mail state:failed name:mail.welcome tag:order:42 since:2h', byState: 'By state',
    state: 'State', name: 'Job', queue: 'Queue', waited: 'Waited', ran: 'Ran', attempts: 'Attempts', when: 'When', id: 'Id', worker: 'Worker', priority: 'Priority', enqueued: 'Enqueued',
    cancelling: 'cancelling', withTag: (/** @type {string} */ tag) => `Jobs with the tag ${tag}`,
    progress: (/** @type {number} */ p) => `${Math.round(p * 100)} % done`,
    bulkSelected: (/** @type {number} */ n) => `Act on ${n} selected`, bulkAll: (/** @type {string} */ n) => `Act on all ${n}`,
    selected: (/** @type {number} */ n) => plural(n, 'job selected', 'jobs selected'), selectNone: 'Select none',
    selectAllNote: (/** @type {string} */ n) => `Select none to act on all ${n} that match.`,
    fresh: (/** @type {any} */ n) => `${n} new — show`,
    noMatch: 'No job matches this search.', clear: 'Show all jobs', empty: 'The storage holds no job. Enqueue one, and it shows here.',
    toQueue: 'To the queue',
    action: { 'run-again': 'Run again', 'run-now': 'Run now', edit: 'Edit and run', move: 'Move', cancel: 'Cancel job', delete: 'Delete' },
    ask: {
      'run-again': (/** @type {string} */ n) => `Run ${n} again?`, 'run-now': (/** @type {string} */ n) => `Run ${n} now?`, move: (/** @type {string} */ n) => `Move ${n}?`,
      cancel: (/** @type {string} */ n) => `Cancel ${n}?`, delete: (/** @type {string} */ n) => `Delete ${n}?`,
    },
    askNote: {
      'run-again': (/** @type {number} */ n) => `The job keeps its id and gets a fresh set of ${n} attempts.`,
      'run-now': () => 'The job does not wait for its time. A worker takes it as soon as one is free.',
      move: () => 'The job waits in the other queue.',
      cancel: () => 'A job that waits never starts. A job that runs is asked to stop.',
      delete: () => 'The job and its history are gone. Nothing brings them back.',
    },
  },

  job: {
    title: 'Job', more: 'More actions', id: 'Id', args: 'Arguments', body: 'Message: positional, named, embed', result: 'Result', facts: 'Facts', celery: 'Celery’s word', tags: 'Tags',
    enqueued: 'Enqueued', due: 'Due', started: 'Started', finished: 'Finished', limits: 'Time limit', expires: 'Expires', schedule: 'Schedule', tick: 'tick', origin: 'Enqueued by',
    editedFrom: 'Edited from', editedInto: 'Edited into', parent: 'Parent', root: 'Root', trace: 'Trace', traceLink: 'Open the trace', logLink: 'Log', children: 'Children', tree: 'Whole tree',
    attempts: 'Attempts', attemptsNone: 'No attempt has started yet.', attemptMore: (/** @type {number} */ n) => `Error and logs of attempt ${n}`,
    ofAttempts: (/** @type {number} */ n, /** @type {number} */ max) => `${n} of ${max}`,
    limitBoth: (/** @type {string} */ soft, /** @type {string} */ hard) => `${soft} soft, ${hard} hard`,
    waited: (/** @type {string} */ time) => `waited ${time}`, ran: (/** @type {string} */ time) => `ran ${time}`, total: (/** @type {string} */ time) => `${time} in all`,
    part: {
      ahead: 'Before its time', wait: 'Waiting', run: 'Running', retry: 'Wait before a retry',
      attempt: (/** @type {number} */ n, /** @type {string} */ end) => `Attempt ${n}, ${end}`,
    },
    say: {
      succeeded: (/** @type {string} */ ago, /** @type {string} */ ran, /** @type {number} */ n) => `${ago}, in ${ran}${n > 1 ? `, at attempt ${n}` : ''}.`,
      failed: (/** @type {string} */ ago, /** @type {number} */ n) => `${ago}, after ${plural(n, 'attempt', 'attempts')}.`,
      dead: (/** @type {string} */ ago) => `${ago}: set aside for a person.`,
      cancelled: (/** @type {string} */ ago) => `${ago}.`,
      expired: (/** @type {string} */ ago) => `${ago}: it was not started before its expiry.`,
      cancelling: (/** @type {string} */ ago) => `since ${ago}, asked to stop.`,
      running: (/** @type {string} */ ago, /** @type {number} */ n, /** @type {number} */ max) => `started ${ago}, attempt ${n} of ${max}.`,
      retrying: (/** @type {string} */ ahead, /** @type {number} */ n, /** @type {number} */ max) => `attempt ${n} of ${max} starts ${ahead}.`,
      scheduled: (/** @type {string} */ ahead) => `due ${ahead}.`,
      queued: (/** @type {string} */ ago, /** @type {string} */ queue) => `since ${ago}, in ${queue}.`,
    },
    argsForbidden: 'You may not see payloads.', argsUnknown: 'No worker has announced the names of the parameters.', argsNone: 'The job takes no arguments.',
    argsHidden: (/** @type {string} */ names) => `Hidden because marked sensitive: ${names}`,
    truncated: 'The payload is large; only its first 64 KB are shown.',
    resultHidden: 'The result is hidden: it is marked sensitive, or you may not see payloads.', resultNone: 'The job gave no result.',
    similarTitle: 'Others of this name', similar: (/** @type {string} */ p50, /** @type {string} */ p95, /** @type {number} */ n) => `p50 ${p50}, p95 ${p95} (${n.toLocaleString('en')} runs)`,
    slower: (/** @type {string} */ n) => `this one: ${n}× p95`,
    error: 'Error', logs: 'Logs', liveLogs: 'Logs, live', logsNone: 'This attempt wrote no log line.', logsWait: 'No log line yet.', copyLogs: 'Copy the log lines',
    logsOlder: (/** @type {number} */ n) => `${plural(n, 'older line', 'older lines')} not shown.`,
    levels: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    cancelAsked: 'The job was asked to stop. It ends when its code looks at the cancellation token.',
    raw: 'Raw message and headers', copyBody: 'Copy the message', rawHidden: 'The message is hidden.',
    editTitle: (/** @type {string} */ name) => `Run ${name} with other arguments?`, editVerb: 'Run as a new job', notJson: 'The text is not JSON.',
    editNote: 'A new job is enqueued with these arguments. It links to this one, and this one stays as it is.',
    editHidden: (/** @type {string} */ names) => `Sensitive arguments keep their stored values: ${names}.`,
  },

  running: {
    title: 'Running', runsFor: 'Runs for', usual: 'Usual p95', unknown: 'not known', attempt: 'Attempt', action: 'Action',
    sub: (/** @type {number} */ n) => `${plural(n, 'job runs', 'jobs run')} now, the longest first.`,
    factor: (/** @type {number} */ n) => `${n.toFixed(1)}× p95`,
    empty: 'Nothing runs right now. A worker in this app or in another takes what waits:',
    emptyCode: 'builder.AddLovage().AddJobs().AddWorker();\nawait jobs.EnqueueAsync(MailJobs.Welcome("anna@example.org"));',
  },

  failures: {
    title: 'Errors', tabErrors: 'Errors', tabDead: 'Dead letters',
    ownFrames: 'Only your code', moreFrames: (/** @type {number} */ n) => plural(n, 'more frame', 'more frames'), group: 'All with this error', copyTrace: 'Copy the stack trace',
    error: 'Error', hour: '1 h', day: '24 h', week: '7 d', rise: 'Against usual', first: 'First seen', last: 'Last seen', queues: 'Queues', action: 'Action', runGroup: 'Run again', runWhole: 'Run the group again',
    range: 'Window', windows: [['1h', '1 h'], ['24h', '24 h'], ['7d', '7 d']],
    empty: 'Nothing failed. An error of a job shows here, grouped by its type and the top frame of your code.',
    emptyCode: '[Job("mail.welcome", MaxAttempts = 5)]\npublic Task WelcomeAsync(string email, CancellationToken ct) => throw new TimeoutException();',
    emptyWindow: 'Nothing failed in this window. An error shows here, grouped by its type and the top frame of your code.', wider: 'Look at 7 days',
    rose: (/** @type {string} */ what, /** @type {string} */ n, /** @type {string} */ factor) => `${what} rose most: ${n} in the last hour, ${factor} the usual.`,
    steady: 'No error rises above its usual rate.',
    deadSub: 'Jobs that were set aside with payload and reason, for a person to decide.',
    deadEmpty: 'There is no dead letter. A job comes here when its process died three times, or when no worker knows it.',
    deadReason: 'Reason', runAll: (/** @type {string} */ n) => `Run all ${n} again`, deleteAll: (/** @type {string} */ n) => `Delete all ${n}`,
    inJob: 'in', perHour: 'Failures by hour, last 24 h', jobs: 'Jobs with this error', sample: 'Stack of the newest', counts: 'Counts', allJobs: 'All jobs',
    usual: (/** @type {number} */ n) => `${n >= 10 ? Math.round(n) : n.toFixed(1)}× usual`,
    fingerprint: 'Fingerprint', frame: 'Top frame of your code', job: 'Job',
    groupSay: (/** @type {string} */ n, /** @type {string} */ last) => `${n} in the last 24 h, the newest ${last}.`,
  },

  queues: {},

  workers: {},

  schedules: {},

  metrics: {},

  enqueue: {},

  local: {},

  audit: {},

  system: {},
};
