// @ts-check
// A list of jobs that stays still: a hint looks for new ones, and a button shows them.
import { useEffect, useRef, useState } from './dom.js';
import { get } from './api.js';
import { listen } from './stream.js';

const limit = 50;

/**
 * Reads the jobs that a search matches, page by page.
 * @param {string} q
 * @param {(id: string) => void} [found] called when the search is the id of a job
 */
export function useJobs(q, found) {
    const [list, setList] = useState(/** @type {any} */ ({ items: null, next: null, count: null, note: null }));
    const [error, setError] = useState(/** @type {any} */ (null));
    const [busy, setBusy] = useState(false);
    const [fresh, setFresh] = useState(0);
    const latest = useRef(q);
    latest.current = q;

    const load = async () => {
        setBusy(true);
        try {
            const page = await get('api/jobs', { q, limit });
            if (latest.current !== q) return;
            if (page.job && found) {
                found(page.job);
                return;
            }
            setList(page);
            setFresh(0);
            setError(null);
        } catch (problem) {
            if (latest.current === q) setError(problem);
        } finally {
            setBusy(false);
        }
    };
    const more = async () => {
        setBusy(true);
        try {
            const page = await get('api/jobs', { q, limit, after: list.next });
            if (latest.current !== q) return;
            const known = new Set(list.items.map((/** @type {any} */ j) => j.id));
            setList({
                ...list,
                items: [...list.items, ...page.items.filter((/** @type {any} */ j) => !known.has(j.id))],
                next: page.next,
            });
        } catch (problem) {
            if (latest.current === q) setError(problem);
        } finally {
            setBusy(false);
        }
    };
    useEffect(() => {
        load();
    }, [q]);

    useEffect(() => {
        /** @type {number | undefined} */
        let timer;
        const look = async () => {
            timer = undefined;
            try {
                const page = await get('api/jobs', { q, limit });
                if (latest.current !== q || page.job) return;
                setList((/** @type {any} */ old) => {
                    if (old.items === null || old.items.length === 0) return page;
                    const byId = new Map(page.items.map((/** @type {any} */ j) => [j.id, j]));
                    const known = new Set(old.items.map((/** @type {any} */ j) => j.id));
                    const oldest = page.items.findIndex((/** @type {any} */ j) => known.has(j.id));
                    setFresh(
                        oldest < 0
                            ? page.items.length
                            : page.items.slice(0, oldest).filter((/** @type {any} */ j) => !known.has(j.id)).length,
                    );
                    return {
                        ...old,
                        count: page.count ?? old.count,
                        items: old.items.map((/** @type {any} */ j) => byId.get(j.id) ?? j),
                    };
                });
            } catch {
                // The banner of the shell says that the server is silent; the rows stay.
            }
        };
        const stop = listen('jobs', () => {
            timer ??= setTimeout(look, 3000);
        });
        return () => {
            clearTimeout(timer);
            stop();
        };
    }, [q]);

    return { list, rows: list.items ?? [], error, busy, fresh: fresh >= limit ? `${limit}+` : fresh, load, more };
}
