// What the pages need of the browser besides Blazor: the theme, copying, and a way out of a lost connection.
// Loaded in the head, before the first paint, so that a chosen theme never flashes.
(() => {
    'use strict';

    const root = document.documentElement;
    const themes = ['system', 'light', 'dark'];

    function stored() {
        try {
            return themes.includes(localStorage.theme) ? localStorage.theme : 'system';
        } catch {
            return 'system'; // Storage is closed to this page.
        }
    }

    function choose(theme) {
        root.dataset.theme = theme;

        try {
            localStorage.theme = theme;
        } catch {
            // The choice lasts as long as the page.
        }
    }

    async function copy(button) {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.classList.add('is-copied');
        setTimeout(() => button.classList.remove('is-copied'), 1500);
    }

    root.dataset.theme = stored();

    document.addEventListener('click', event => {
        const button = event.target.closest('button');

        if (!button) {
            return;
        }

        if ('themeToggle' in button.dataset) {
            choose(themes[(themes.indexOf(root.dataset.theme) + 1) % themes.length]);
        } else if ('copy' in button.dataset) {
            copy(button).catch(() => { /* The browser refused; the text is there to be selected. */ });
        } else if ('reload' in button.dataset) {
            location.reload();
        }
    });

    document.addEventListener('DOMContentLoaded', () => {
        // Rejected: the server no longer has this page's state, so only a fresh page can go on.
        document.getElementById('components-reconnect-modal')?.addEventListener(
            'components-reconnect-state-changed',
            event => event.detail.state === 'rejected' && location.reload());
    });
})();
