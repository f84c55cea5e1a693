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

  queues: {},

  workers: {},

  schedules: {},

  metrics: {},

  enqueue: {},

  local: {},

  audit: {},

  system: {},
};
