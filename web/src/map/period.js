// Days that stand the wrong way round find nothing: the browser says so before anything is sent, in the
// words of the server (mobile_api/lists/days.py), which refuses them too.

/** Whether the last day lies before the first. */
export const isReversed = ({from, to}) => Boolean(from && to && to < from);

/** Mark the last day of a form while it lies before the first one. */
export function watchPeriod(form) {
  const {from, to} = form.elements;
  const check = () => to.setCustomValidity(isReversed({from: from.value, to: to.value}) ? form.dataset.order : '');
  for (const field of [from, to]) field.addEventListener('input', check);
}
