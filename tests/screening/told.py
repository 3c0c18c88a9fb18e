"""What people might tell of each sub-field, for judging suggestions; none of it is in the demo."""

from typing import Final

TOLD: Final[dict[str, tuple[str, ...]]] = {
    "giao-thong-o-ga": (
        "Đoạn đường trước trường mầm non đầy ổ gà, trời mưa là không thấy đường mà tránh.",
        "Nhựa đường bong lên từng mảng, xe máy đi qua lạng tay lái.",
    ),
    "giao-thong-den-tin-hieu": (
        "Ngã tư bệnh viện đèn xanh đỏ tắt từ hôm qua, xe cộ hỗn loạn.",
        "Đèn đỏ đếm tới 90 giây trong khi chiều kia chỉ 10 giây.",
    ),
    "giao-thong-bien-bao": (
        "Biển báo cấm tải ở đầu cầu bị ai bẻ gập xuống.",
        "Vạch sơn qua đường cho học sinh mờ hết rồi.",
    ),
    "giao-thong-do-xe-sai": (
        "Xe tải đậu hai bên đường suốt ngày, không ai đi được.",
        "Ô tô đỗ ngay cửa nhà tôi, chắn lối ra vào cả buổi.",
    ),
    "giao-thong-sut-lun": (
        "Giữa đường xuất hiện hố sâu cả mét, mặt đường sụp dần.",
        "Đường bị sụt lún một mảng lớn cạnh cầu.",
    ),
    "ve-sinh-moi-truong-rac-ton-dong": (
        "Đống rác đầu hẻm ứ mấy tuần không ai dọn.",
        "Rác chất đống bên hông chợ, ruồi nhặng đầy.",
    ),
    "ve-sinh-moi-truong-do-trom": (
        "Ban đêm có xe tới đổ trộm xà bần xuống ruộng.",
        "Ai đó đổ lén phế thải xây dựng ra bãi đất trống.",
    ),
    "ve-sinh-moi-truong-thu-gom-cham": (
        "Cả tuần nay không thấy xe rác vào hẻm, nhà nào cũng để bao rác trước cửa.",
        "Công ty thu gom rác trễ lịch hoài.",
    ),
    "ve-sinh-moi-truong-xac-dong-vat": (
        "Có con chó chết nằm bên lề đường đã trương lên.",
        "Xác heo trôi trên kênh bốc mùi.",
    ),
    "ve-sinh-moi-truong-nha-ve-sinh": (
        "Nhà vệ sinh công cộng bến xe dơ không chịu được, bồn cầu nghẹt.",
        "WC ở quảng trường khóa cửa hoài không cho dân dùng.",
    ),
    "o-nhiem-tieng-on": (
        "Nhà bên hát karaoke tới một giờ sáng.",
        "Loa kéo mở hết cỡ, ồn ào cả khu phố không ngủ được.",
    ),
    "o-nhiem-khoi-bui": (
        "Xe ben chở đất không che bạt làm bụi mù mịt.",
        "Lò gạch xả khói đen kịt cả ngày.",
    ),
    "o-nhiem-nuoc-thai": (
        "Cơ sở giết mổ xả nước thải đen ngòm ra mương.",
        "Nước thải chăn nuôi chảy tràn ra đường làng.",
    ),
    "o-nhiem-mui": (
        "Trại heo gần nhà mùi hôi thối nồng nặc.",
        "Mùi phân gà từ trang trại bay khắp xóm.",
    ),
    "o-nhiem-hoa-chat": (
        "Có vệt dầu tràn dài trên mặt hồ.",
        "Người ta vứt can hóa chất bên bờ kênh, cỏ chết vàng.",
    ),
    "trat-tu-do-thi-lan-via-he": (
        "Quán nhậu bày bàn ghế chiếm hết vỉa hè.",
        "Lòng đường bị lấn chiếm bán hàng, người đi bộ phải đi giữa đường.",
    ),
    "trat-tu-do-thi-rao-vat": (
        "Tờ rơi cho vay dán kín cột điện.",
        "Tường trường học bị dán quảng cáo rao vặt chằng chịt.",
    ),
    "trat-tu-do-thi-cho-tu-phat": (
        "Chợ cóc họp ngay ngã ba gây kẹt xe mỗi sáng.",
        "Chợ tự phát trước cổng khu công nghiệp bừa bộn.",
    ),
    "trat-tu-do-thi-quang-cao-sai": (
        "Bảng quảng cáo che khuất tầm nhìn ở khúc cua.",
        "Băng rôn rách treo lủng lẳng giữa đường, hộp đèn sắp rơi.",
    ),
    "trat-tu-do-thi-vat-nuoi": (
        "Chó thả rông không rọ mõm rượt theo học sinh.",
        "Bò đi lang thang trên quốc lộ, tối rất nguy hiểm.",
    ),
    "xay-dung-dat-dai-khong-phep": (
        "Nhà kia xây không phép trên đất ruộng.",
        "Công trình đang xây mà không có giấy phép.",
    ),
    "xay-dung-dat-dai-sai-phep": (
        "Khách sạn xây vượt tầng so với giấy phép.",
        "Nhà bên xây sai phép, lấn khoảng lùi.",
    ),
    "xay-dung-dat-dai-lan-dat-cong": (
        "Có hộ rào đất công làm của riêng.",
        "Họ lấn chiếm đất của xã để trồng cây.",
    ),
    "xay-dung-dat-dai-mat-an-toan": (
        "Giàn giáo lắc lư, vật liệu rơi xuống đường.",
        "Nhà cũ nứt toác tường sắp đổ ra hẻm.",
    ),
    "xay-dung-dat-dai-quy-hoach-treo": (
        "Khu tôi vướng quy hoạch treo 15 năm không sửa được nhà.",
        "Dự án treo mãi, dân không tách thửa được.",
    ),
    "dien-chieu-sang-den-hong": (
        "Đèn đường hẻm 12 không sáng nửa tháng, tối thui.",
        "Bóng đèn chiếu sáng chập chờn rồi tắt hẳn.",
    ),
    "dien-chieu-sang-day-vong": (
        "Dây cáp viễn thông sà xuống ngang đầu người đi xe.",
        "Dây điện võng thấp sát mái tôn.",
    ),
    "dien-chieu-sang-mat-dien": (
        "Cúp điện từ trưa tới giờ chưa có lại.",
        "Cả xóm mất điện mỗi khi trời mưa.",
    ),
    "dien-chieu-sang-tru-nghieng": (
        "Cột điện nghiêng hẳn về phía nhà dân sau bão.",
        "Trụ điện gãy ngang vẫn chưa thay.",
    ),
    "dien-chieu-sang-tu-ho": (
        "Tủ điện mở toang, trẻ con chơi gần đó.",
        "Nắp tủ điện chiếu sáng bị mất, dây lòi ra ngoài.",
    ),
    "cap-thoat-nuoc-ngap": (
        "Mưa một tiếng là đường ngập tới đầu gối.",
        "Nước không thoát được, ngập úng cả khu dân cư.",
    ),
    "cap-thoat-nuoc-mat-nap-cong": (
        "Mất nắp cống giữa đường, suýt lọt bánh xe.",
        "Nắp hố ga bể đôi, chỉ cắm nhánh cây báo hiệu.",
    ),
    "cap-thoat-nuoc-tac-cong": (
        "Cống nghẹt, nước trào ngược vào nhà.",
        "Xin nạo vét cống vì tắc cống lâu ngày.",
    ),
    "cap-thoat-nuoc-mat-nuoc": (
        "Khu trọ cúp nước ba ngày, không có nước sinh hoạt.",
        "Vỡ ống nước trước nhà, nước chảy yếu.",
    ),
    "cap-thoat-nuoc-nuoc-duc": (
        "Nước máy đục như nước vo gạo.",
        "Nước vàng khè, có mùi tanh khi mở vòi, nước máy có mùi.",
    ),
    "cay-xanh-cay-do": (
        "Cây xà cừ ngã ngang chắn đường sau cơn giông.",
        "Cây đổ đè lên xe máy trước cổng.",
    ),
    "cay-xanh-canh-nguy-hiem": (
        "Nhánh cây khô treo trên đầu trạm xe buýt.",
        "Nhờ tỉa cành cây sà xuống đường dây.",
    ),
    "cay-xanh-chat-trom": (
        "Có người cưa cây xanh trước nhà để lấy mặt bằng.",
        "Hàng sao bị chặt trộm ban đêm.",
    ),
    "cay-xanh-cong-vien-hong": (
        "Máy tập thể dục ở công viên gãy chân.",
        "Xích đu sân chơi đứt dây, ghế đá bể.",
    ),
    "cay-xanh-cay-chet": (
        "Hàng cây mới trồng chết khô vì không tưới.",
        "Cây mục ruột đã chết từ lâu chưa thay.",
    ),
    "an-ninh-trat-tu-gay-roi": (
        "Thanh niên tụ tập nẹt pô, đua xe mỗi tối thứ bảy.",
        "Nhóm say rượu chửi bới, quậy phá trước quán.",
    ),
    "an-ninh-trat-tu-trom-cap": (
        "Xóm tôi bị kẻ gian bẻ khóa lấy xe máy.",
        "Trộm chó hoành hành, nhà nào cũng mất.",
    ),
    "an-ninh-trat-tu-co-bac": (
        "Sòng bạc xóc đĩa trong vườn điều.",
        "Quán tạp hóa ghi số đề công khai.",
    ),
    "an-ninh-trat-tu-ma-tuy": (
        "Kim tiêm vương vãi sau nhà văn hóa, nghi có người chích hút.",
        "Phòng trọ tụ tập con nghiện mua bán ma túy.",
    ),
    "an-ninh-trat-tu-lua-dao-mang": (
        "Có người gọi giả danh công an đòi chuyển khoản.",
        "Tôi bị lừa đảo qua mạng, mất tài khoản sau khi đọc mã OTP.",
    ),
    "y-te-giao-duc-ngo-doc": (
        "Cả nhà ăn bánh mì xong nôn ói, tiêu chảy.",
        "Công nhân đau bụng hàng loạt sau bữa trưa, nghi ngộ độc.",
    ),
    "y-te-giao-duc-thuc-pham-ban": (
        "Quầy thịt bán thịt ôi, bốc mùi.",
        "Bánh kẹo không rõ nguồn gốc bán trước trường.",
    ),
    "y-te-giao-duc-thai-do-y-te": (
        "Điều dưỡng quát bệnh nhân lớn tuổi ở phòng khám.",
        "Chờ khám bốn tiếng, bác sĩ không giải thích gì.",
    ),
    "y-te-giao-duc-lam-thu": (
        "Trường thu quỹ phụ huynh hai triệu một em.",
        "Ép học thêm và thu tiền ngoài quy định đầu năm học.",
    ),
    "y-te-giao-duc-an-toan-truong": (
        "Tường rào trường tiểu học nứt, học sinh chơi sát bên.",
        "Quạt trần lớp học lỏng, sợ rơi xuống các cháu.",
    ),
    "hanh-chinh-cong-ho-so-tre": (
        "Hồ sơ sang tên đất quá hẹn hai tháng chưa trả kết quả.",
        "Giấy hẹn ghi ngày 5 mà nay vẫn chưa có kết quả hồ sơ.",
    ),
    "hanh-chinh-cong-giay-to-thua": (
        "Làm khai sinh mà đòi giấy tờ không có trong quy định.",
        "Bắt bổ sung giấy tờ ba lần, phải đi lại nhiều lần.",
    ),
    "hanh-chinh-cong-thai-do-can-bo": (
        "Cán bộ một cửa hách dịch, quát dân.",
        "Thái độ công chức tiếp dân rất cửa quyền.",
    ),
    "hanh-chinh-cong-loi-he-thong": (
        "Cổng dịch vụ công không đăng nhập được bằng VNeID.",
        "Nộp trực tuyến báo lỗi hệ thống hoài.",
    ),
    "hanh-chinh-cong-phi-sai": (
        "Thu lệ phí chứng thực cao hơn bảng niêm yết, không có biên lai.",
        "Thu thêm tiền mà không đưa biên lai.",
    ),
    "thien-tai-bien-du-lich-sat-lo": (
        "Bờ sông sạt lở sát móng nhà.",
        "Taluy sạt xuống đường, đất đá đầy mặt đường.",
    ),
    "thien-tai-bien-du-lich-tau-gap-nan": (
        "Tàu cá hỏng máy đang trôi dạt ngoài khơi.",
        "Ghe chìm ở cửa biển, ngư dân mất tích.",
    ),
    "thien-tai-bien-du-lich-chat-chem": (
        "Quán hải sản chặt chém du khách, không niêm yết giá.",
        "Xe điện chèo kéo khách du lịch, hét giá gấp ba.",
    ),
    "thien-tai-bien-du-lich-xa-thai-bien": (
        "Bãi biển đầy rác trôi dạt, bãi tắm bẩn.",
        "Nhà hàng xả thải thẳng ra biển.",
    ),
    "thien-tai-bien-du-lich-vms-mat-ket-noi": (
        "Thiết bị giám sát hành trình tàu tôi mất kết nối từ hôm qua.",
        "Máy VMS trên tàu không lên tín hiệu.",
    ),
}
# Texts that belong nowhere: nothing should be suggested for them, or nothing surely.
NOTHING: Final = ("Chào anh chị.", "Xin cảm ơn rất nhiều ạ!", "test", "12345", "…", "Nhờ xem giúp.")
