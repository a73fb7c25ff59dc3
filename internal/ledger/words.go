package ledger

import (
	"strings"

	"dongthuan/internal/c2sp"
)

// rootWords are 256 short words that are told apart by ear: one for each value of a
// byte. The list is part of the format and never changes.
var rootWords = strings.Fields("" +
	"an áo ảnh ba bác bài bạn báo bát bay bánh băng bầu bể bến bếp " +
	"bia biển bò bóng bột bụi buồm bút bưởi cá cam canh cau cân cày chai " +
	"chanh cháo chăn chè chén chiếu chim chợ chổi chuối chuông chùa chữ cò cối cổng " +
	"cốc cơm cua củ cung cúc dao dâu dây dép diều dòng dù dưa đá đàn " +
	"đầm đất đèn đê đèo đình đò đồi đường én ếch gà gạch gạo găng gấu " +
	"ghe gió giếng giấy gỗ gối gừng gương hành hạt hàng hè heo hến hoa hòn " +
	"hổ hộp hồng hươu kem kén kênh khăn khay khế khoai khói kho kiến kim kính " +
	"kéo lá lan lạc len lê lều lông lọ lợn lúa lưới lươn mai mành mạ " +
	"mây mận mắt mèo mít mía miệng môi mõ môn mũ mùng muối mưa mướp mực " +
	"nai nấm nắng nem nghé ngói ngọc ngô ngựa nhà nhãn nho nhện nón nồi núi " +
	"nước ong ổi ốc ớt phà phao phên phố phấn phích quạt quả quần quýt quế " +
	"rạ rau răng rắn rèm rìu rổ rồng rừng rùa sao sắn sen sông sổ sợi " +
	"sung suối sữa sương tai tảo tàu tằm tay tem tép tháp thang thảm thìa thóc " +
	"thông thỏ thuyền thùng thư thước tiêu tim tỏi tôm tơ tranh trạm trăng trâu tre " +
	"trống trời trứng túi tủ tường vai ván vàng vây vé vịt voi võng vườn vừng " +
	"xe xích xoài xôi xuồng yến bàn bè bông bơ bướm cánh cầu cây chân chó")

// Words shortens a root for the notice board: its first eight bytes as words. Who
// compares them by eye compares 64 bits.
func Words(root c2sp.Hash) string {
	words := make([]string, 8)
	for i := range words {
		words[i] = rootWords[root[i]]
	}
	return strings.Join(words, " ")
}
