"""Some hundreds of texts as people type them, each with what screening must make of it.

Made from sentences and fillings by a fixed draw: with and without accents, in capitals, taken apart
(NFD), with shorthand, stretched or misspelt. `None` is an ordinary report.
"""

import unicodedata
from collections.abc import Iterator
from random import Random
from typing import Final

from backend.reports.folding import without_accents

PLACES: Final = (
    "ở đường Quang Trung",
    "tại thôn Phú Mỹ",
    "gần chợ Thu Lộ",
    "trong hẻm 45 Lê Lợi",
    "khu dân cư Bàu Giang",
)
OFFICIALS: Final = (
    "chủ tịch xã",
    "cán bộ địa chính",
    "công an phường",
    "trưởng thôn",
    "cán bộ một cửa",
)
NUMBERS: Final = ("45", "1203/QĐ-UBND", "07", "318")

EMERGENCY_FIRE: Final = (
    "Nhà dân {place} đang cháy lớn, lửa bốc lên cao!",
    "Cháy nhà {place}, có người còn ở trong!",
    "Kho vải {place} bốc cháy, khói đen mù trời",
    "Cháy rừng {place}, gió đang thổi về phía nhà dân",
    "Bình gas quán ăn {place} phát nổ, có người mắc kẹt",
    "Sập nhà {place}, hai người bị vùi lấp",
)
EMERGENCY_RESCUE: Final = (
    "Có hai em bị nước cuốn trôi {place}, cứu với",
    "Tàu cá bị chìm ngoài cửa biển, 5 ngư dân đang bám phao",
    "Nước lũ cô lập 3 hộ {place}, người già đang ngồi trên nóc nhà",
    "Có người nhảy cầu {place} chưa vớt được",
    "Một bé vừa rơi xuống cống {place}",
    "Nước lũ lên nhanh {place}, cả nhà đang trên mái, cứu với",
)
EMERGENCY_CRIME: Final = (
    "Nhóm thanh niên đang đánh nhau bằng dao {place}",
    "Có kẻ cầm mã tấu rượt chém người {place}",
    "Trộm đang cạy cửa nhà hàng xóm {place}",
    "Vừa bị cướp túi xách {place}, chúng chạy xe Exciter",
    "Ông hàng xóm đang đánh đập vợ con {place}, máu me",
    "Có người đòi nhảy lầu tự tử {place}",
    "Chồng đánh vợ con ở nhà bên cạnh {place}",
)
EMERGENCY_MEDICAL: Final = (
    "Vừa xảy ra tai nạn {place}, một người nằm bất động",
    "Cụ già ngã bất tỉnh {place}, cần cấp cứu",
    "Công nhân bị điện giật {place}, gọi cấp cứu giúp",
    "Xe máy tông nhau {place}, có người bị thương nặng chảy máu nhiều",
)
EMERGENCY_ELECTRIC: Final = (
    "Đường dây điện đứt rơi xuống đường {place}",
    "Trụ điện bị đổ {place}, dây nằm ngang đường",
    "Dây điện bị đứt {place}, tia lửa xẹt liên tục",
)
CRIME: Final = (
    "Xin tố giác ổ đánh bạc {place}",
    "Tôi tố giác nhóm bán ma túy {place}",
    "Xin tố giác tụ điểm mại dâm {place}, mong công an vào cuộc",
)
COMPLAINT: Final = (
    "Tôi khiếu nại quyết định xử phạt số {number} của phường",
    "Gia đình tôi không đồng ý với quyết định thu hồi đất số {number}, đề nghị xem xét lại",
    "Tôi đã gửi đơn khiếu nại lần đầu mà chưa được trả lời",
    "Mức bồi thường quá thấp, gia đình tôi không chấp nhận giá đền bù này",
    "Đề nghị hủy quyết định cưỡng chế số {number} vì trái pháp luật",
    "Tôi khiếu nại việc bị từ chối cấp sổ đỏ",
)
DENUNCIATION: Final = (
    "Tôi tố cáo {official} nhận hối lộ để cấp phép xây dựng",
    "{official} vòi tiền dân mới chịu ký giấy",
    "Đề nghị xử lý {official} bao che cho cát tặc",
    "{official} lợi dụng chức vụ chiếm đoạt tiền hỗ trợ bão lũ",
    "Tôi làm đơn tố cáo hành vi sai trái của {official}",
    "{official} ăn chặn tiền của hộ nghèo, khai khống danh sách",
    "{official} nhận tiền của dân để làm sổ đỏ",
)
STATE_SECRET: Final = (
    "Tôi có tài liệu tuyệt mật của tỉnh muốn đưa lên đây",
    "Xin gửi kèm ảnh chụp văn bản tối mật về quốc phòng",
    "Tôi nhặt được hồ sơ tối mật {place}",
    "Nội dung thuộc bí mật nhà nước bị phát tán {place}",
)
CASE_PENDING: Final = (
    "Vụ tranh chấp đất của tôi tòa án đang thụ lý, nhờ tỉnh can thiệp",
    "Bản án sơ thẩm xử oan cho tôi, đề nghị xem lại",
    "Đoàn thanh tra đang làm việc về khu đất này, tôi muốn bổ sung ý kiến",
    "Vụ án đã khởi tố mà chưa thấy xử",
    "Hai nhà đã kiện ra tòa về ranh đất {place}",
)
ORDINARY: Final = (
    "Đèn đường {place} bị cháy bóng, tối om",
    "Bình chữa cháy ở chung cư {place} hết hạn đã lâu",
    "Hàng xóm đốt rác {place}, mùi cháy khét khó chịu",
    "Trụ nước chữa cháy {place} bị xe tông gãy",
    "Nước chảy tràn {place} từ ống vỡ",
    "Xe chạy quá tốc độ {place} rất nguy hiểm",
    "Nhà hàng chay {place} xả nước thải ra cống",
    "Cây to cao {place} che khuất biển báo",
    "Hố ga {place} mất nắp, dễ té ngã",
    "Lan can cầu {place} gãy, sợ trẻ con rơi xuống sông",
    "Biển cảnh báo đuối nước ở hồ {place} bị mất",
    "Đoạn này {place} hay xảy ra tai nạn vì thiếu đèn",
    "Thanh tra giao thông chưa xử lý bãi giữ xe {place}",
    "Trước cổng tòa án {place} rác chất đống",
    "Cán bộ một cửa giải thích không rõ, phải đi lại ba lần",
    "Hồ sơ đất của tôi quá hẹn hai tháng chưa trả kết quả",
    "Phòng khám cấp cứu bệnh viện {place} chờ quá lâu",
    "Pano tuyên truyền phòng chống tham nhũng {place} bị rách",
    "Có người giả danh công an lừa đảo chiếm đoạt tiền của mẹ tôi",
    "Tôi không khiếu nại gì, chỉ mong sửa đường {place}",
    "Tôi không tố cáo ai, chỉ mong dọn rác {place}",
    "Tai nạn tuần trước {place} làm gãy dải phân cách, chưa ai sửa",
    "Trạm bơm cháy máy bơm, cả xóm {place} mất nước",
    "Karaoke {place} ồn ào tới nửa đêm",
    "Ổ gà {place} nhiều lần làm người đi đường té",
    "Chó thả rông {place} đuổi học sinh",
    "Dây điện võng {place} thấp sát đầu người",
    "Mẫu đơn khiếu nại trên trang của xã không tải được",
    "Công an phường tuần tra ít quá, nhờ tăng cường {place}",
    "Cháy nắng hết hàng cây mới trồng {place}, không ai tưới",
    "Nước máy đục mấy hôm nay {place}",
    "Rác dưới nước {place} nổi lên đầy kênh",
    "Cá chết dưới sông {place} trắng mặt nước",
    "Xe đang chạy trên cầu thấy rung lắc mạnh {place}",
    "Mất giấy tờ, tài liệu mất ở bến xe {place}",
    "Nước lũ rút rồi, rác trên mái nhà văn hóa {place} chưa dọn",
    "Hàng xóm lắp loa trên mái nhà {place}",
    "Cành cây đè lên dây điện {place}, sợ đứt",
    "Cáp quang đứt rơi xuống đường {place}",
    "Cán bộ hướng dẫn tôi đến nhận tiền hỗ trợ bão, chờ hai giờ",
    "Xin lắp hòm thư tố giác tội phạm {place}",
    "Trẻ con đá bóng đánh vỡ kính nhà tôi {place}",
)
EVERY: Final[tuple[tuple[str | None, tuple[str, ...]], ...]] = (
    ("emergency_fire", EMERGENCY_FIRE),
    ("emergency_rescue", EMERGENCY_RESCUE),
    ("emergency_crime", EMERGENCY_CRIME),
    ("emergency_medical", EMERGENCY_MEDICAL),
    ("emergency_electric", EMERGENCY_ELECTRIC),
    ("crime", CRIME),
    ("complaint", COMPLAINT),
    ("denunciation", DENUNCIATION),
    ("state_secret", STATE_SECRET),
    ("case_pending", CASE_PENDING),
    (None, ORDINARY),
)
# Written after the rules and never looked at while they were made: what to expect of them outside.
UNSEEN: Final[tuple[tuple[str | None, str], ...]] = (
    ("emergency_fire", "Xưởng gỗ gần nhà tôi cháy rồi, lửa lan nhanh lắm, xe cứu hỏa chưa tới"),
    ("emergency_fire", "Trụ điện nổ lớn rồi bốc cháy ngay cổng trường"),
    ("emergency_fire", "Thang máy chung cư kẹt, có 4 người mắc kẹt bên trong"),
    ("emergency_rescue", "3 cháu tắm sông bị đuối nước, chưa tìm thấy"),
    ("emergency_rescue", "Ghe chúng tôi phá nước giữa biển, xin cứu nạn"),
    ("emergency_rescue", "Nhà tôi nước lên tới mái, cả nhà đang kẹt trong lũ"),
    ("emergency_crime", "Ngoài đường có hai băng đang hỗn chiến, cầm dao phóng lợn"),
    ("emergency_crime", "Một ông say đang hành hung bảo vệ bệnh viện"),
    ("emergency_crime", "Có tiếng nổ súng trong nhà số 9"),
    ("emergency_medical", "Bác bảo vệ đột quỵ nằm ngoài đường, mọi người giúp với"),
    ("emergency_medical", "Ô tô lật, tài xế bị thương nặng kẹt trong xe"),
    ("complaint", "Tôi phản đối quyết định thu hồi 200m2 đất vườn nhà tôi"),
    ("complaint", "Khiếu nại về quyết định kỷ luật buộc thôi việc đối với tôi"),
    ("complaint", "Phường ra quyết định xử phạt tôi xây nhà là sai luật, tôi không chấp nhận"),
    ("denunciation", "Anh công chức tên T. đòi phong bì 2 triệu mới cho làm sổ"),
    ("denunciation", "Lãnh đạo xã rút ruột công trình đường bê tông"),
    ("denunciation", "Xin tố giác hiệu trưởng kê khống tiền ăn của học sinh"),
    ("state_secret", "Có người rao bán sơ đồ doanh trại trên mạng"),
    ("case_pending", "Ranh đất nhà tôi tòa án huyện xử phúc thẩm xong nhưng chưa thi hành án"),
    ("case_pending", "Công an đang điều tra vụ này, tôi muốn nộp thêm chứng cứ"),
    (None, "Đám cưới mở nhạc quá lớn"),
    (None, "Cầu bê tông nứt, lo sập khi xe tải qua"),
    (None, "Cột đèn chiếu sáng cháy hết ba bóng"),
    (None, "Quyết định đặt tên đường mới rất hay, xin cảm ơn"),
    (None, "Cán bộ tiếp dân nhiệt tình, nhưng phòng chờ nóng quá"),
    (None, "Bảo vệ bệnh viện hướng dẫn chỗ gửi xe không rõ"),
    (None, "Tổ dân phố chưa có loa, nhờ xem giúp"),
    (None, "Bờ sông sạt lở gần móng nhà, mong làm kè"),
    (None, "Đường cấm tải mà xe tải vẫn chạy rầm rầm cả đêm"),
    (None, "Thang máy ủy ban hỏng lâu rồi, người già đi bộ lên tầng ba"),
    (None, "Hồ bơi công cộng nước đục"),
    (None, "Nhà văn hóa thôn cửa khóa suốt"),
)
SHORTHAND: Final = {"không": "ko", "được": "dc", "người": "ng", "nước": "nc", "cán bộ": "cb"}


def examples() -> Iterator[tuple[str | None, str, str]]:
    """Kind, text, how it is written: the same every time."""
    draw = Random("cầu nối")
    for kind, sentences in EVERY:
        for sentence in sentences:
            for how, write in (
                ("as told", str),
                ("no accents", without_accents),
                ("capitals", str.upper),
                ("apart", lambda text: unicodedata.normalize("NFD", text)),
                ("shorthand", _short),
                ("a wish added", lambda text: f"Kính gửi UBND, {text}. Mong sớm xem giúp ạ"),
            ):
                text = sentence.format(
                    place=draw.choice(PLACES),
                    official=draw.choice(OFFICIALS),
                    number=draw.choice(NUMBERS),
                )
                yield kind, write(text), how


def _short(text: str) -> str:
    for whole, short in SHORTHAND.items():
        text = text.replace(whole, short)
    return text
