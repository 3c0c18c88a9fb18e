#!/bin/sh
# Walk one report through a running instance with curl alone: sent with two photos, accepted, asked
# about, answered, resolved with a photo of the result, confirmed and rated. Ends with 1 at the
# first step that fails.
#
#   ./run --detach && examples/walk-one-report.sh
#   BASE=http://127.0.0.1:8001 CAUNOI_VAR=/srv/caunoi examples/walk-one-report.sh
#   OFFICER=name PASSWORD=secret examples/walk-one-report.sh      instead of the demo's officer
set -eu

BASE=${BASE:-http://127.0.0.1:${CAUNOI_PORT:-8000}}
LOGINS=${CAUNOI_VAR:-var}/demo-logins.json
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# call METHOD PATH [curl arguments …]: prints the answer; BODY and ETAG hold it; not 2xx ends here
call() {
  method=$1 path=$2
  shift 2
  status=$(curl -sS -m 30 -X "$method" -o "$WORK/body" -D "$WORK/head" -w '%{http_code}' \
    -H 'Accept: application/json' "$@" "$BASE$path") || fail "$BASE does not answer"
  BODY=$(cat "$WORK/body")
  ETAG=$(sed -n 's/^[Ee][Tt][Aa][Gg]: *\("[^"]*"\).*/\1/p' "$WORK/head")
  printf '%s %s → %s\n' "$method" "$path" "$status"
  printf '%s\n' "$BODY" | sed -e 's/\("password"\|token\|secret\)":"[^"]*"/\1":"…"/g' \
    -e 's/,"/,\n  "/g' -e 's/^{/{\n  /' | sed -n '1,40p'
  case $status in 2??) ;; *) fail "$method $path answered $status" ;; esac
}

# text NAME: the last string of that name in BODY;  whole reports use first() for their own id
text() { printf '%s' "$BODY" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
first() { printf '%s' "$BODY" | sed -n "s/^{\"$1\":\"\([^\"]*\)\".*/\1/p"; }
is_at() { printf '%s' "$BODY" | grep -q "\"status\":\"$1\"" || fail "not at '$1'"; }

# wait_for WORD PATH: ask until the answer holds the word, for a minute
wait_for() {
  left=120
  until curl -sS -m 10 -H "X-Tracking-Secret: $SECRET" "$BASE$2" | grep -q "$1"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "waited in vain for $1 at $2 (does the worker run?)"
    sleep 0.5
  done
}

# Three pictures of 16 × 12 pixels, written out in octal, with their SHA-256.
png() { printf '\211PNG\015\012\032\012\000\000\000\015IHDR\000\000\000\020\000\000\000\014\001\003\000\000\000Q)\257\302\000\000\000\006PLTE%b\000\000\000%b\000\000\000\013IDATx\332c` \014\000\000$\000\001\045\302\250\343\000\000\000\000IEND\256B`\202' "$1" "$2" >"$3"; }
png '\0310<(' 'Y\0213\0367@' "$WORK/red.png"
png '(Z\0310' '\0217\0302/\0027' "$WORK/blue.png"
png '<\0240P' 'm\0365\0356-' "$WORK/green.png"
RED=a03b12b6d69e0985d7bf49aef2f3a3ac169087e844678a4d6f1f3089f23f66a2
BLUE=fcf8ea9400c7e245109c8901e7ae9d26229b9ac592fe84a4e5a98d643f1320a3
GREEN=b0e3db2f1584d0ce05d82428f76694f9ab89c47d817b5f4407151b1e2fe5b5aa

say '1. A citizen sends a report and announces two photos'
KEY=$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)
call POST /api/v1/reports -H "Idempotency-Key: $KEY" -H 'Content-Type: application/json' -d '{
  "category": "giao-thong-o-ga",
  "text": "Ổ gà sâu giữa đường Quang Trung, đoạn trước chợ, xe máy dễ ngã.",
  "location": {"lon": 108.7923, "lat": 15.1205, "accuracy_metres": 12},
  "photos": [
    {"sha256": "'$RED'", "bytes": 86, "content_type": "image/png"},
    {"sha256": "'$BLUE'", "bytes": 86, "content_type": "image/png"}]}'
is_at received
ID=$(first id)
CODE=$(printf '%s' "$BODY" | sed -n 's/^{"id":"[^"]*","code":"\([^"]*\)".*/\1/p')
SECRET=$(text tracking_secret)
AGENCY=$(printf '%s' "$BODY" | sed -n 's/.*"agency":{"code":"\([^"]*\)".*/\1/p')
[ -n "$ID" ] && [ -n "$CODE" ] && [ -n "$SECRET" ] || fail 'the acknowledgement lacks something'
[ -n "$AGENCY" ] || fail 'no agency is responsible for it here'
say "   $CODE went to $AGENCY"

say '2. The photos follow, each by its own hash'
for photo in "red $RED" "blue $BLUE"; do
  call PUT "/api/v1/reports/$ID/photos/${photo#* }" -H "X-Tracking-Secret: $SECRET" \
    -H 'Content-Type: image/png' --data-binary "@$WORK/${photo% *}.png"
done

say '3. An officer of that agency signs in'
if [ -z "${OFFICER:-}" ]; then
  [ -r "$LOGINS" ] || fail "no $LOGINS: set CAUNOI_VAR, or OFFICER and PASSWORD"
  # one login a line, whatever the file's layout
  login=$(sed -e ':a' -e 'N' -e '$!ba' -e 's/\n *//g' -e 's/} *, *{/}\n{/g' "$LOGINS" |
    grep "\"agency\": *\"$AGENCY\"" | grep -E '"role": *"(key_holder|officer)"' | sed -n 1p)
  OFFICER=$(printf '%s' "$login" | sed -n 's/.*"username": *"\([^"]*\)".*/\1/p')
  PASSWORD=$(printf '%s' "$login" | sed -n 's/.*"password": *"\([^"]*\)".*/\1/p')
fi
[ -n "$OFFICER" ] || fail "nobody of $AGENCY is among the demo logins"
call POST /api/v1/sessions -H 'Content-Type: application/json' \
  -d "{\"username\": \"$OFFICER\", \"password\": \"${PASSWORD:-}\"}"
TOKEN=$(text access_token)
[ -n "$TOKEN" ] || fail 'no token'

# move JSON STATUS: read the case for its version, move it, and see that it got there
move() {
  call GET "/api/v1/desk/reports/$ID" -H "Authorization: Bearer $TOKEN" >/dev/null
  call POST "/api/v1/desk/reports/$ID/moves" -H "Authorization: Bearer $TOKEN" \
    -H "If-Match: $ETAG" -H 'Content-Type: application/json' -d "$1"
  is_at "$2"
}

say '4. The officer accepts it, begins, and asks a question; the clock pauses'
move '{"move": "accept"}' assigned
move '{"move": "start"}' in_progress
move '{"move": "ask", "public_note": "Hố nằm ở làn đường bên nào?"}' awaiting_citizen

say '5. The citizen answers, and the clock runs on'
call POST "/api/v1/reports/$CODE/messages" -H "X-Tracking-Secret: $SECRET" \
  -H 'Content-Type: application/json' -d '{"text": "Bên phải, hướng ra cầu Trà Khúc."}'
is_at in_progress

say '6. The officer reports the result with a photo'
call PUT "/api/v1/desk/reports/$ID/photos/$GREEN" -H "Authorization: Bearer $TOKEN" \
  -H 'Content-Type: image/png' --data-binary "@$WORK/green.png"
move '{"move": "resolve", "public_note": "Đã vá mặt đường sáng nay.", "photos": ["'$GREEN'"]}' resolved

say '7. The worker prepares the photos and asks the citizen to confirm'
wait_for '"status":"awaiting_confirmation"' "/api/v1/reports/$CODE/mine"
for hash in "$RED" "$BLUE" "$GREEN"; do
  wait_for "\"sha256\":\"$hash\"[^}]*\"state\":\"ready\"" "/api/v1/reports/$CODE/mine"
done
printf 'confirmation asked, three photos ready\n'

say '8. The citizen is very satisfied; that closes the report'
call POST "/api/v1/reports/$CODE/rating" -H "X-Tracking-Secret: $SECRET" \
  -H 'Content-Type: application/json' -d '{"score": 4, "comment": "Làm nhanh, cảm ơn."}'
is_at closed

say '9. What everybody sees'
call GET "/api/v1/reports/$CODE"
is_at closed
[ "$(printf '%s' "$BODY" | sed -n 's/.*"rating":\([0-9]*\).*/\1/p')" = 4 ] || fail 'not rated'
say "Done: $BASE/theo-doi/$CODE"
