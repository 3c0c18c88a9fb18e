// Whether an answer comes from the system itself. Sign-in pages of public networks and broken proxies
// answer in its place, with any status; what they say is no more than "no network".

/** Every answer of the system carries a trace id; `answer` is a Response, or has `headers.get` like one. */
export const isOurs = (answer) => Boolean(answer.headers.get('x-trace-id'));
