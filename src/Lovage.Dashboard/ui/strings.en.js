// @ts-check
// The words of the shell, the shared parts and the overview. The words of the other pages are in strings.pages.en.js,
// so that the first page stays light. A translation is two files with the same shape.

const decimals = { minimumFractionDigits: 1, maximumFractionDigits: 1 };

/** How many times: 3.4×, and 12× without a decimal. @param {number} n */
export const times = n => `${n >= 10 ? Math.round(n).toLocaleString() : n.toLocaleString(undefined, decimals)}×`;

/** @param {number} n @param {string} one @param {string} many */
export const plural = (n, one, many) => `${n.toLocaleString()} ${n === 1 ? one : many}`;

/** A count of jobs that is text already. @param {string} n */
export const jobs = n => `${n} ${n === '1' ? 'job' : 'jobs'}`;

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
    environment: (/** @type {string} */ app, /** @type {string} */ version, /** @type {string} */ name) =>
        `${app} ${version ?? ''} in ${name}`,

    nav: {
        label: 'Pages',
        home: 'Lovage: overview',
        more: 'More',
        waiting: 'waiting',
        failedOrDead: 'failed in the last hour, or dead letters',
        overview: 'Overview',
        jobs: 'Jobs',
        running: 'Running',
        errors: 'Errors',
        queues: 'Queues',
        workers: 'Workers',
        schedules: 'Schedules',
        metrics: 'Metrics',
        enqueue: 'Enqueue',
        local: 'In-process',
        audit: 'Audit',
        system: 'System',
    },

    states: {
        scheduled: 'scheduled',
        queued: 'queued',
        running: 'running',
        retrying: 'retrying',
        succeeded: 'succeeded',
        failed: 'failed',
        cancelled: 'cancelled',
        expired: 'expired',
        dead: 'dead',
    },

    time: {
        now: 'now',
        here: 'here',
        ago: (/** @type {string} */ age) => `${age} ago`,
        ahead: (/** @type {string} */ age) => `in ${age}`,
    },

    live: {
        label: (/** @type {string} */ state) => `Updates: ${state}`,
        live: 'Live',
        polling: '5 s',
        paused: 'Paused',
        hidden: 'Paused',
        connecting: 'Connecting',
        liveNote: 'as things change',
        pollingNote: 'ask every 5 s',
        pausedNote: 'until you change it',
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
        cancel: 'Go back',
        reason: 'Reason (optional)',
        reasonHint: 'The audit keeps it, so that others know why.',
        typed: 'To go on, type',
    },

    help: {
        title: 'Keyboard',
        keys: [
            ['/', 'search'],
            ['j k', 'next and previous row'],
            ['Enter', 'open the row'],
            ['x', 'select the row'],
            ['Esc', 'close what is open'],
            ['?', 'this list'],
        ],
        note: 'The keys rest while you type.',
    },

    search: {
        label: 'Search jobs',
        placeholder: 'Search jobs or paste an id',
        clear: 'Clear the search',
        suggestions: 'Suggestions',
        about: {
            id: 'a job by its id',
            state: 'such as failed,dead',
            queue: 'the queue',
            name: 'the job’s name',
            worker: 'the worker that ran it',
            since: 'such as 2h or a time',
            until: 'such as 2h or a time',
            root: 'a whole tree by its root',
            schedule: 'what a schedule enqueued',
            fingerprint: 'one kind of error',
            tag: 'such as order:42',
            args: 'text in the arguments',
        },
    },

    table: {
        columns: 'Columns',
        all: 'Select all rows shown',
        more: 'Show more',
        pick: (/** @type {string} */ key) => `Select ${key}`,
        shown: (/** @type {number} */ n, /** @type {any} */ total) =>
            total ? `${n.toLocaleString()} of ${total} shown` : `${n.toLocaleString()} shown`,
    },

    chart: {
        time: 'Time',
        asTable: 'View as table',
        asChart: 'View as chart',
        few: 'The first points come within a minute.',
        label: (/** @type {string} */ title, /** @type {string} */ last) => `${title}. Newest: ${last}.`,
    },

    json: {
        open: 'Open',
        close: 'Close',
        copy: 'Copy as JSON',
        items: (/** @type {number} */ n) => plural(n, 'item', 'items'),
        rest: (/** @type {number} */ n) => `${plural(n, 'more', 'more')}: show`,
        whole: (/** @type {number} */ n) => `show all ${n.toLocaleString()} characters`,
    },

    operations: {
        title: 'Operations',
        page: 'All operations',
        sub: 'What was done to many jobs at once: by whom, to which, and how far it has come.',
        running: (/** @type {number} */ n) => plural(n, 'operation runs', 'operations run'),
        what: {
            run_again: (/** @type {string} */ n) => `Run ${n} jobs again`,
            cancel: (/** @type {string} */ n) => `Cancel ${n} jobs`,
            delete: (/** @type {string} */ n) => `Delete ${n} jobs`,
            move: (/** @type {string} */ n, /** @type {string | undefined} */ to) =>
                to ? `Move ${n} jobs to ${to}` : `Change ${n} jobs`,
        },
        over: (/** @type {string} */ time) => `over ${time}`,
        of: 'of',
        took: 'took',
        states: { running: 'running', done: 'done', cancelled: 'cancelled', failed: 'failed' },
        skipped: (/** @type {number} */ n) => `${n.toLocaleString()} skipped`,
        left: (/** @type {string} */ time) => `about ${time} left`,
        progress: (/** @type {number} */ n, /** @type {string} */ all) => `${n.toLocaleString()} of ${all}`,
        stop: 'Cancel…',
        stopTitle: 'Cancel this operation?',
        stopNote: (/** @type {number} */ done, /** @type {number} */ left) =>
            `${plural(done, 'job is', 'jobs are')} done already and ${done === 1 ? 'stays' : 'stay'} so. ` +
            `About ${left.toLocaleString()} are left alone.`,
        stopVerb: (/** @type {number} */ left) => `Leave ${left.toLocaleString()} jobs alone`,
        stopped: (/** @type {number} */ n) => `The operation is cancelled after ${plural(n, 'job', 'jobs')}.`,
        empty: 'No operation has been started. Search for jobs, then act on all of them at once.',
        emptyCode:
            "curl -X POST …/api/operations -H 'Content-Type: application/json' -H 'X-Lovage: 1' \\\n" +
            '  -d \'{"action":"run_again","q":"state:failed since:2h","expected":42,"spread_seconds":600}\'',
    },

    bulk: {
        filter: 'Filter:',
        everything: 'all jobs',
        queue: 'To the queue',
        spread: 'Spread over',
        watch: 'Watch',
        noneLeft: 'No failed or dead job of this group is left.',
        spreads: [
            ['0', 'no spread: at once'],
            ['60', '1 min'],
            ['600', '10 min'],
            ['1800', '30 min'],
            ['3600', '1 h'],
            ['21600', '6 h'],
        ],
        spreadHint: 'A spread keeps a service that has just recovered from falling again.',
        title: {
            run_again: (/** @type {string} */ n) => `Run ${jobs(n)} again?`,
            cancel: (/** @type {string} */ n) => `Cancel ${jobs(n)}?`,
            delete: (/** @type {string} */ n) => `Delete ${jobs(n)}?`,
            move: (/** @type {string} */ n) => `Move ${jobs(n)}?`,
        },
        verb: {
            run_again: (/** @type {string} */ n) => `Run ${jobs(n)} again`,
            cancel: (/** @type {string} */ n) => `Cancel ${jobs(n)}`,
            delete: (/** @type {string} */ n) => `Delete ${jobs(n)}`,
            move: (/** @type {string} */ n) => `Move ${jobs(n)}`,
        },
        note: {
            run_again:
                'Each ended job keeps its id and gets a fresh set of attempts. Jobs that have not ended are skipped.',
            cancel: 'Jobs that wait never start. Jobs that run are asked to stop.',
            delete: 'The jobs and their history are gone. Nothing brings them back.',
            move: 'Jobs that wait go to the other queue. Jobs that run stay.',
        },
        over: (/** @type {string} */ time) => ` over ${time}`,
        started: {
            run_again: (/** @type {string} */ n, /** @type {string} */ over) => `${jobs(n)} will run again${over}.`,
            cancel: (/** @type {string} */ n) => `${jobs(n)} will be cancelled.`,
            delete: (/** @type {string} */ n) => `${jobs(n)} will be deleted.`,
            move: (/** @type {string} */ n) => `${jobs(n)} will be moved.`,
        },
        changed: (/** @type {string} */ n) => `The filter now matches ${jobs(n)}. Look at the number again.`,
    },

    overview: {
        title: 'Overview',
        level: { ok: 'All is well', notice: 'Something to know', bad: 'Something needs attention' },
        storageUp: (/** @type {string} */ name, /** @type {string} */ age) => `${name}, up for ${age}`,
        storageDown: (/** @type {string} */ name) => `${name} does not answer, since`,
        empty: 'Nothing has run yet. Enqueue a job, and it shows here at once.',
        emptyCode:
            '[Job("mail.welcome")] public Task WelcomeAsync(string email, CancellationToken ct) => …\n' +
            'await jobs.EnqueueAsync(MailJobs.Welcome("anna@example.org"));',
        waitingNow: 'Waiting',
        runningNow: 'Running',
        scheduledNow: 'Scheduled',
        done: 'Succeeded',
        failing: 'Failed',
        queue: 'Queue',
        queues: 'Queues by oldest waiting job',
        oldest: 'Oldest waits',
        waiting: 'Waiting',
        out: 'Out',
        lastSamples: 'Waiting jobs lately',
        sparkLabel: (/** @type {string} */ name) => `Waiting jobs in ${name} lately`,
        paused: 'paused',
        unserved: 'no worker',
        noQueues: 'No queue has held a job yet.',
        allQueues: (/** @type {number} */ n) => `All ${n.toLocaleString()} queues`,
        failures: 'Errors that rose most',
        error: 'Error',
        inJob: 'in',
        lastHour: 'Last hour',
        since: 'First seen',
        action: 'Action',
        runGroup: 'Run again',
        allErrors: 'All errors',
        rise: (/** @type {number} */ n) => `${times(n)} usual`,
        noFailures: 'Nothing failed in the last hour.',
        longest: 'Longest running',
        job: 'Job',
        runsFor: 'Runs for',
        usual: 'Usual p95',
        unknown: 'not known',
        allRunning: 'All running',
        nothingRuns: 'Nothing runs right now.',
        workers: 'Workers',
        asBefore: 'as an hour ago',
        fewer: (/** @type {number} */ n) => `an hour ago there were ${n}`,
        moreWorkers: (/** @type {number} */ n) => `up from ${n} an hour ago`,
        version: (/** @type {string} */ v, /** @type {number} */ n) => `${n} on ${v}, first seen`,
        dead: 'Dead letters',
        deadNone: 'none new in the last hour',
        deadNew: (/** @type {number} */ n) => `${n.toLocaleString()} new in the last hour`,
        schedules: 'Schedules',
        schedulesFine: 'all on time',
        kind: { late: 'late', broken: 'broken', failed: 'last run failed' },
        flow: 'Throughput and waits',
        range: 'Range',
        ranges: [
            ['1h', '1 h'],
            ['24h', '24 h'],
            ['7d', '7 d'],
        ],
        succeeded: 'Succeeded',
        enqueued: 'Enqueued',
        failed: 'Failed',
        oldestWaiting: 'Oldest waiting job',
    },
};
