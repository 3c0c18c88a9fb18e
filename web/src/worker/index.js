addEventListener('install', () => self.skipWaiting());
