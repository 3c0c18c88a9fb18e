"""What accounts refuse, and why.

CaunoiError
├── NotSignedIn
│   ├── SignInFailed      unknown name, wrong password or code: which of them is never said
│   ├── CodeNeeded        the password is right, and the account also asks for a one-time code
│   └── SessionEnded      the token is unknown, expired, used already or revoked
├── NotFound
│   └── AccountMissing    no account has this name (commands only)
├── Conflict
│   └── NameTaken         another account has this name
└── Unprocessable
    ├── WeakPassword      too short, too common or made of the name
    └── AccountRefused    a field that no account can have
"""

from backend.errors import Conflict, NotFound, NotSignedIn, Unprocessable


class SignInFailed(NotSignedIn):
    kind = "sign-in-failed"
    vi = "Tên đăng nhập, mật khẩu hoặc mã xác thực không đúng."
    en = "The user name, password or code is not right."


class CodeNeeded(NotSignedIn):
    kind = "code-needed"
    vi = "Vui lòng nhập mã xác thực 6 số trong ứng dụng xác thực của bạn."
    en = "Please enter the 6-digit code from your authenticator app."


class SessionEnded(NotSignedIn):
    kind = "session-ended"
    vi = "Phiên làm việc đã kết thúc. Vui lòng đăng nhập lại."
    en = "The session has ended. Please sign in again."


class AccountMissing(NotFound):
    kind = "account-missing"
    vi = "Không có tài khoản nào mang tên này."
    en = "No account has this name."


class NameTaken(Conflict):
    kind = "name-taken"
    vi = "Tên đăng nhập này đã có người dùng."
    en = "This user name is taken."


class WeakPassword(Unprocessable):
    kind = "weak-password"
    vi = "Mật khẩu chưa đủ mạnh."
    en = "The password is too weak."


class AccountRefused(Unprocessable):
    kind = "account-refused"
    vi = "Thông tin tài khoản chưa hợp lệ."
    en = "An account cannot have these particulars."
