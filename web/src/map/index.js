import '../shell/index.js';
