// What every citizens' page does: it asks the browser to keep the app for offline use.
navigator.serviceWorker?.register('/sw.js', {scope: '/'}).catch(() => {});
