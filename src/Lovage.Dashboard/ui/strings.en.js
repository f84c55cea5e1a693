// @ts-check
// Every word that the console shows. A translation is another file with the same shape.

/** @param {number} n @param {string} one @param {string} many */
const plural = (n, one, many) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

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

  bulk: {
    filter: 'Filter:', everything: 'all jobs', queue: 'To the queue', spread: 'Spread over', watch: 'Watch', noneLeft: 'No failed or dead job of this group is left.',
    spreads: [['0', 'no spread: at once'], ['60', '1 min'], ['600', '10 min'], ['1800', '30 min'], ['3600', '1 h'], ['21600', '6 h']],
    spreadHint: 'A spread keeps a service that has just recovered from falling again.',
    title: {
      run_again: (/** @type {string} */ n) => `Run ${n} jobs again?`, cancel: (/** @type {string} */ n) => `Cancel ${n} jobs?`,
      delete: (/** @type {string} */ n) => `Delete ${n} jobs?`, move: (/** @type {string} */ n) => `Move ${n} jobs?`,
    },
    verb: {
      run_again: (/** @type {string} */ n) => `Run ${n} jobs again`, cancel: (/** @type {string} */ n) => `Cancel ${n} jobs`,
      delete: (/** @type {string} */ n) => `Delete ${n} jobs`, move: (/** @type {string} */ n) => `Move ${n} jobs`,
    },
    note: {
      run_again: 'Each ended job keeps its id and gets a fresh set of attempts. Jobs that have not ended are skipped.',
      cancel: 'Jobs that wait never start. Jobs that run are asked to stop.',
      delete: 'The jobs and their history are gone. Nothing brings them back.',
      move: 'Jobs that wait go to the other queue. Jobs that run stay.',
    },
    over: (/** @type {string} */ time) => ` over ${time}`,
    started: {
      run_again: (/** @type {string} */ n, /** @type {string} */ over) => `${n} jobs run again${over}.`, cancel: (/** @type {string} */ n) => `${n} jobs are being cancelled.`,
      delete: (/** @type {string} */ n) => `${n} jobs are being deleted.`, move: (/** @type {string} */ n) => `${n} jobs are being moved.`,
    },
    changed: (/** @type {string} */ n) => `The filter now matches ${n} jobs. Look at the number again.`,
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

  job: {},

  running: {
    title: 'Running', runsFor: 'Runs for', usual: 'Usual p95', unknown: 'not known', attempt: 'Attempt', action: 'Action',
    sub: (/** @type {number} */ n) => `${plural(n, 'job runs', 'jobs run')} now, the longest first.`,
    factor: (/** @type {number} */ n) => `${n.toFixed(1)}× p95`,
    empty: 'Nothing runs right now. A worker in this app or in another takes what waits:',
    emptyCode: 'builder.AddLovage().AddJobs().AddWorker();\nawait jobs.EnqueueAsync(MailJobs.Welcome("anna@example.org"));',
  },

  failures: {},

  queues: {
    queue: 'Queue', oldest: 'Oldest waits', waiting: 'Waiting', running: 'Running', scheduled: 'Scheduled', workers: 'Workers', rateIn: 'In', rateOut: 'Out', drain: 'Drains in', never: 'never',
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

  workers: {
    worker: 'Worker', state: 'State', slots: 'Slots', queues: 'Queues', version: 'Version', uptime: 'Up', beat: 'Last beat', known: 'Knows', find: 'Find a worker', noMatch: 'No worker matches.',
    states: { running: 'at work', quiet: 'quiet' }, silent: 'silent', replied: 'answered', asking: 'asking',
    views: [['all', 'All'], ['full', 'Full'], ['quiet', 'Quiet'], ['silent', 'Silent']],
    hostPid: (/** @type {string} */ host, /** @type {number} */ pid) => `${host} · pid ${pid}`,
    slotsOf: (/** @type {number} */ used, /** @type {number} */ all) => `${used} of ${all} slots in use`,
    total: (/** @type {number} */ n, /** @type {number} */ used, /** @type {number} */ all) => `${plural(n, 'worker', 'workers')} with ${plural(all, 'slot', 'slots')}, ${used.toLocaleString('en')} in use.`,
    silentOf: (/** @type {number} */ n) => `${plural(n, 'is', 'are')} silent.`,
    versionsOf: (/** @type {[string, number][]} */ all) => `${all.slice(0, 3).map(([v, n]) => `${plural(n, 'runs', 'run')} ${v}`).join(', ')}.`,
    empty: 'No worker is alive. Jobs wait until a process adds one.',
    emptyCode: 'builder.AddLovage().AddJobs()\n    .AddWorker();',
    pingAll: (/** @type {number} */ n) => (n === 1 ? 'Ping it' : `Ping all ${n}`),
    pingTitle: (/** @type {number} */ n) => `Ping ${plural(n, 'worker', 'workers')}`,
    runsNow: 'Runs now', runsNothing: 'It runs no job right now.', allJobs: 'All jobs of this worker', servesNone: 'It serves no queue.', facts: 'Facts', host: 'Host', pid: 'Process', started: 'Started',
    knows: (/** @type {number} */ n) => `Knows ${plural(n, 'job', 'jobs')}`, knowsNone: 'It has announced no job.',
    gone: 'This worker is not in the directory: it has stopped, or its process is gone.', itsJobs: 'The jobs that it ran',
    says: (/** @type {any} */ w, /** @type {boolean} */ silent) => (silent ? `It held ${plural(w.running, 'job', 'jobs')} when it was last heard.` : w.state === 'quiet' ? `Quiet: it takes no new jobs. ${plural(w.running, 'job runs', 'jobs run')} on.` : w.running >= w.slots ? `All ${w.slots} slots are in use.` : `${w.running} of ${w.slots} slots are in use.`),
    silentHead: 'No sign of life.', silentNote: 'Its process may be gone or cut off. When its lease ends, its jobs go back to their queues.',
    quiet: 'Quiet…', wake: 'Resume…', ping: 'Ping', pool: 'Change slots…', add: 'Add a queue…', queue: 'Queue',
    cancelOf: (/** @type {string} */ q) => `Stop serving ${q}`,
    quietTitle: (/** @type {string} */ w) => `Quiet ${w}?`,
    quietNote: (/** @type {number} */ n) => `It takes no new jobs. ${plural(n, 'job', 'jobs')} that already ${n === 1 ? 'runs goes' : 'run go'} on.`, quietVerb: 'Quiet',
    wakeTitle: (/** @type {string} */ w) => `Resume ${w}?`,
    wakeNote: (/** @type {number} */ n) => `It takes jobs again, up to ${n} at once.`, wakeVerb: 'Resume',
    poolTitle: (/** @type {string} */ w) => `Change the slots of ${w}?`,
    poolNote: (/** @type {number} */ n, /** @type {number} */ used) => `It runs up to ${plural(n, 'job', 'jobs')} at once, ${used} now. With fewer slots, jobs that run end first. The change lasts until the process stops.`, poolVerb: 'Change the slots',
    addTitle: (/** @type {string} */ w) => `Add a queue to ${w}`, addNote: 'It serves the queue until its process stops.', addVerb: 'Add the queue',
    cancelTitle: (/** @type {string} */ q) => `Stop serving ${q}?`, cancelNote: (/** @type {string} */ w) => `${w} takes no more jobs of this queue. Jobs that already run go on.`, cancelVerb: 'Stop serving',
  },

  schedules: {},

  metrics: {},

  enqueue: {
    sub: 'One job, as code would enqueue it.', job: 'Job', arguments: 'Arguments', argumentsJson: 'Arguments as JSON', asJson: 'Edit as JSON', asForm: 'Edit as a form', delivery: 'Delivery',
    queue: 'Queue', delay: 'Delay in seconds', priority: 'Priority', tags: 'Tags', known: 'Jobs that workers know', itsQueue: 'its queue', optional: 'optional', leftOut: 'left out', choose: 'choose', same: 'The same call', language: 'Language', watch: 'Open the job',
    languages: [['csharp', 'C#'], ['http', 'HTTP'], ['python', 'Python']],
    codeHint: {
      csharp: 'jobs is a JobClient. The typed factory that the generator writes does the same.',
      http: 'Add the sign-in that your app asks for.',
      python: 'app is a Celery app on the same broker.',
    },
    kind: { 'string': 'text', 'integer': 'integer', 'number': 'number', 'boolean': 'true or false', 'enum': 'choice', 'date-time': 'time', 'date': 'date', 'uuid': 'UUID', 'list': 'JSON array', 'json': 'JSON' },
    rawHint: 'An object gives arguments by name, an array by position.', noParameters: 'The job takes no arguments.', noArguments: 'Arguments are a JSON object or array.',
    needed: 'This argument is needed.', noInteger: 'This is not an integer.', noNumber: 'This is not a number.', noTime: 'This is not a time.', noUuid: 'A UUID looks like 01234567-89ab-cdef-0123-456789abcdef.', noList: 'A JSON array is needed, such as [1, 2].',
    noJson: (/** @type {string} */ why) => `This is not JSON: ${why}`,
    atLeast: (/** @type {number} */ n) => `At least ${n}.`, atMost: (/** @type {number} */ n) => `At most ${n}.`, between: (/** @type {number} */ a, /** @type {number} */ b) => `${a} to ${b}.`,
    tooLong: (/** @type {number} */ n) => `At most ${n} characters.`,
    sentAs: (/** @type {string} */ time) => `Your time; sent as ${time}.`, secret: 'Sensitive: it is stored, and never shown again.',
    noDelay: 'A number of seconds, 0 or more.', noPriority: 'A digit from 0 to 9.', noTags: 'At most 8 tags of 64 characters.',
    queueHint: (/** @type {string | null | undefined} */ q) => (q ? `Empty: ${q}, as the handler says.` : 'Empty: as the handler says.'),
    delayHint: 'Empty: at once.', priorityHint: '0 (first) to 9 (last).', tagsHint: 'Separated by commas.',
    unknown: 'No worker has announced this name, so its parameters are not known. The job waits until a worker knows it.',
    noWorker: 'No worker that is alive knows this job. It will wait.',
    workers: (/** @type {number} */ n) => `${plural(n, 'worker knows', 'workers know')} this job.`,
    verb: (/** @type {number | null} */ delay) => (delay ? `Enqueue 1 job in ${delay} s` : 'Enqueue 1 job'),
    target: (/** @type {string} */ q) => `into ${q}`,
    done: (/** @type {string} */ name) => `${name} is enqueued.`,
    forbidden: 'You may look at the console, but not enqueue. The permission “operate” allows it.',
    empty: 'No worker has announced a job yet. A job is a method with an attribute, and a worker runs it.',
    emptyCode: '[Job("mail.welcome")] public Task WelcomeAsync(string email, CancellationToken ct) => …\nbuilder.AddLovage().AddJobs().AddWorker();',
  },

  local: {},

  audit: {},

  system: {},
};
