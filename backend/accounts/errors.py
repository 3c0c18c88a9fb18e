"""What accounts refuse, and why.

CaunoiError
├── NotSignedIn
│   ├── SignInFailed      unknown name, wrong password or code: which of them is never said
│   ├── CodeNeeded        the password is right, and the account also asks for a one-time code
│   ├── WrongCode         no code of this request: wrong, used, expired, guessed at too often
│   ├── ProviderRefused   the identity provider's answer cannot be believed, or says no
│   └── SessionEnded      the token is unknown, expired, used already or revoked
├── NotFound
│   ├── AccountMissing    no account has this name (commands only)
│   ├── UnknownAddress    the account has no such address
│   └── ProviderOff       signing in with an identity provider is not set up here
├── Conflict
│   ├── NameTaken         another account has this name
│   ├── AddressTaken      the address belongs to another account
│   ├── LastAddress       without it nobody could sign in any more
│   └── ConsentChanged    the text has a newer version, which must be read first
├── Unprocessable
│   ├── WeakPassword      too short, too common or made of the name
│   ├── AccountRefused    a field that no account can have
│   ├── AddressRefused    no telephone number or e-mail address that codes are sent to
│   └── UnknownPurpose    no consent is asked for this
└── Unavailable
    └── ProviderDown      the identity provider does not answer
"""

from backend.errors import Conflict, NotFound, NotSignedIn, Unavailable, Unprocessable


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


class WrongCode(NotSignedIn):
    kind = "wrong-code"
    vi = "Mã không đúng hoặc đã hết hiệu lực. Vui lòng kiểm tra lại hoặc lấy mã mới."
    en = "The code is wrong or no longer valid. Please check it, or ask for a new one."


class ProviderRefused(NotSignedIn):
    kind = "provider-refused"
    vi = "Không đăng nhập được qua dịch vụ định danh. Vui lòng thử lại."
    en = "Signing in with the identity provider did not work. Please try again."


class ProviderOff(NotFound):
    kind = "provider-off"
    vi = "Hệ thống chưa bật đăng nhập qua dịch vụ định danh."
    en = "Signing in with an identity provider is not switched on here."


class UnknownAddress(NotFound):
    kind = "unknown-address"
    vi = "Tài khoản không có địa chỉ này."
    en = "The account has no such address."


class LastAddress(Conflict):
    kind = "last-address"
    vi = "Đây là cách đăng nhập duy nhất của tài khoản. Hãy thêm địa chỉ khác trước khi bỏ."
    en = "This is the only way into the account. Add another address before you drop it."


class AddressTaken(Conflict):
    kind = "address-taken"
    vi = "Địa chỉ này đã thuộc một tài khoản khác."
    en = "This address belongs to another account."


class ConsentChanged(Conflict):
    kind = "consent-changed"
    vi = "Nội dung đồng ý đã có phiên bản mới. Vui lòng đọc lại trước khi đồng ý."
    en = "This consent has a newer text. Please read it before you agree."


class AddressRefused(Unprocessable):
    kind = "address-refused"
    vi = "Cần số điện thoại di động hoặc địa chỉ thư điện tử hợp lệ."
    en = "A valid mobile number or e-mail address is needed."


class UnknownPurpose(Unprocessable):
    kind = "unknown-purpose"
    vi = "Không có mục đích xử lý dữ liệu này."
    en = "No consent is asked for this purpose."


class ProviderDown(Unavailable):
    kind = "provider-down"
    vi = "Dịch vụ định danh tạm thời không phản hồi. Vui lòng thử lại sau."
    en = "The identity provider does not answer right now. Please try again later."
