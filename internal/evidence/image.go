package evidence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"

	"dongthuan/internal/fault"
)

// picture is what an image's own bytes say before it is decoded.
type picture struct {
	orientation int     // of EXIF, 1 to 8; 1 where it says nothing
	perPixel    float64 // bytes of memory that decoding takes for a pixel
	bare        bool    // nothing but the picture: no place, no device, no words
}

// copies are the public forms of an image, made anew from its pixels.
type copies struct {
	public, small []byte
	width, height int // of public
	bare          bool
}

// makeCopies decodes an image, once its header says that it fits, and draws it
// again upright, without metadata.
func makeCopies(data []byte, kind Kind) (copies, error) {
	p, err := scan(data, kind)
	if err != nil {
		return copies{}, err
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || head.Width <= 0 || head.Height <= 0 {
		return copies{}, fault.New(fault.Invalid, "evidence.damaged").Because(err)
	}
	if pixels := float64(head.Width) * float64(head.Height); pixels > maxPixels || pixels*max(p.perPixel, modelBytes(head.ColorModel)) > maxDecoded {
		return copies{}, refuse("evidence.pixels", head.Width, head.Height)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return copies{}, fault.New(fault.Invalid, "evidence.damaged").Because(err)
	}
	large := upright(shrink(img, publicEdge), p.orientation)
	c := copies{width: large.Rect.Dx(), height: large.Rect.Dy(), bare: p.bare}
	if c.public, err = encode(large, kind); err == nil {
		c.small, err = encode(shrink(large, smallEdge), kind)
	}
	if err != nil {
		return copies{}, fmt.Errorf("make an image anew: %w", err)
	}
	return c, nil
}

func modelBytes(m color.Model) float64 {
	switch m {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.YCbCrModel:
		return 1 // scan has the exact value
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 4
}

// encode writes a JPEG, or a PNG for what came as PNG, unless it is a large
// photograph that needs no transparency. Neither writer adds metadata.
func encode(img *image.RGBA, kind Kind) ([]byte, error) {
	var b bytes.Buffer
	if kind == PNG {
		if err := png.Encode(&b, img); err != nil || b.Len() < 400<<10 || !img.Opaque() {
			return b.Bytes(), err
		}
		b.Reset()
	}
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 82})
	return b.Bytes(), err
}

// shrink returns img with its longer edge at most edge pixels. Each new pixel is
// the mean of the area it covers. Source rows are converted one by one, so that a
// large image is not held twice.
func shrink(img image.Image, edge int) *image.RGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	dw, dh := w, h
	if long := max(w, h); long > edge {
		dw, dh = max(1, (w*edge+long/2)/long), max(1, (h*edge+long/2)/long)
	}
	out := image.NewRGBA(image.Rect(0, 0, dw, dh))
	if dw == w && dh == h {
		draw.Draw(out, out.Rect, img, b.Min, draw.Src)
		return out
	}
	row := image.NewRGBA(image.Rect(0, 0, w, 1))
	across, down := spread(w, dw), spread(h, dh)
	sums := make([]float32, 4*(dw+1)) // of one source row, one spare pixel at the end
	this, next := make([]float32, 4*dw), make([]float32, 4*dw)
	for y := range h {
		draw.Draw(row, row.Rect, img, image.Pt(b.Min.X, b.Min.Y+y), draw.Src)
		clear(sums)
		for x, share := range across {
			p, at := row.Pix[4*x:4*x+4], 4*share.at
			for c := range 4 {
				v := float32(p[c])
				sums[at+c] += v * share.here
				sums[at+4+c] += v * share.beyond
			}
		}
		share := down[y]
		for i := range this {
			this[i] += sums[i] * share.here
			next[i] += sums[i] * share.beyond
		}
		if y == h-1 || down[y+1].at > share.at {
			line := out.Pix[share.at*out.Stride:]
			for i, v := range this {
				line[i] = uint8(min(v+.5, 255))
			}
			this, next = next, this
			clear(next)
		}
	}
	return out
}

// share says which new pixel an old one falls into, with what weight, and with
// what weight into the one after it.
type share struct {
	at           int
	here, beyond float32
}

func spread(from, to int) []share {
	all := make([]share, from)
	scale := float64(to) / float64(from)
	for i := range all {
		// In integers: the old pixel covers i·to … (i+1)·to of lengths of `from`.
		at := i * to / from
		over := (i+1)*to - (at+1)*from
		all[i] = share{at, float32(scale), 0}
		if over > 0 {
			beyond := float64(over) / float64(from)
			all[i].here, all[i].beyond = float32(scale-beyond), float32(beyond)
		}
	}
	return all
}

// upright turns an image as its EXIF orientation says.
func upright(img *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			copy(out.Pix[out.PixOffset(tx, ty):][:4], img.Pix[img.PixOffset(x, y):][:4])
		}
	}
	return out
}

// scan walks an image's parts without decoding its pixels.
func scan(data []byte, kind Kind) (picture, error) {
	if kind == PNG {
		return scanPNG(data)
	}
	return scanJPEG(data)
}

// pngPicture are the parts of a PNG that are picture; all others are words.
var pngPicture = map[string]bool{"IHDR": true, "PLTE": true, "IDAT": true, "IEND": true, "tRNS": true, "gAMA": true,
	"cHRM": true, "sRGB": true, "sBIT": true, "pHYs": true, "bKGD": true, "hIST": true, "iCCP": true}

func scanPNG(data []byte) (picture, error) {
	p := picture{orientation: 1, perPixel: 1, bare: true}
	for at := 8; ; {
		if len(data)-at < 12 {
			return p, refuse("evidence.damaged")
		}
		n := int64(binary.BigEndian.Uint32(data[at:]))
		kind := string(data[at+4 : at+8])
		if n > int64(len(data)-at-12) {
			return p, refuse("evidence.damaged")
		}
		if !pngPicture[kind] {
			p.bare = false
			if holdsMarkup(data[at+8 : at+8+int(n)]) {
				return p, refuse("evidence.mixed")
			}
		}
		at += 12 + int(n)
		if kind == "IEND" {
			if len(bytes.Trim(data[at:], "\x00")) > 0 {
				return p, refuse("evidence.mixed")
			}
			return p, nil
		}
	}
}

func scanJPEG(data []byte) (picture, error) {
	p := picture{orientation: 1, perPixel: 3, bare: true}
	at := 2
	for {
		if len(data)-at < 2 || data[at] != 0xff {
			return p, refuse("evidence.damaged")
		}
		marker := data[at+1]
		switch {
		case marker == 0xff: // filling
			at++
			continue
		case marker == 0x01 || marker >= 0xd0 && marker <= 0xd7:
			at += 2
			continue
		case marker == 0xd9:
			return p, p.tail(data[at+2:])
		}
		if len(data)-at < 4 {
			return p, refuse("evidence.damaged")
		}
		n := int(binary.BigEndian.Uint16(data[at+2:]))
		if n < 2 || n > len(data)-at-2 {
			return p, refuse("evidence.damaged")
		}
		body := data[at+4 : at+2+n]
		at += 2 + n
		switch {
		case marker == 0xc0 || marker == 0xc1 || marker == 0xc2:
			p.perPixel = jpegBytes(body, marker == 0xc2)
		case marker == 0xda: // the pixels: to the next mark that is not part of them
			for at < len(data)-1 && (data[at] != 0xff || data[at+1] == 0 || data[at+1] >= 0xd0 && data[at+1] <= 0xd7) {
				at++
			}
		case marker >= 0xe0 && marker <= 0xef || marker == 0xfe:
			if err := p.words(marker, body); err != nil {
				return p, err
			}
		}
	}
}

// words reads a part of a JPEG that is not picture.
func (p *picture) words(marker byte, body []byte) error {
	switch {
	case marker == 0xe0 && bytes.HasPrefix(body, []byte("JFIF\x00")) && len(body) <= 16,
		marker == 0xe2 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")),
		marker == 0xee && bytes.HasPrefix(body, []byte("Adobe")) && len(body) <= 16:
		return nil
	case marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")):
		if o := orientation(body[6:]); o != 0 {
			p.orientation = o
		}
	}
	p.bare = false
	if holdsMarkup(body) {
		return refuse("evidence.mixed")
	}
	return nil
}

// tail judges what stands after the picture: phones put a second picture or a
// few seconds of film there, which is no harm to a copy made anew.
func (p *picture) tail(rest []byte) error {
	if len(bytes.Trim(rest, "\x00")) > 0 {
		p.bare = false
	}
	if holdsMarkup(rest) {
		return refuse("evidence.mixed")
	}
	return nil
}

// jpegBytes is the memory decoding takes for a pixel: a progressive picture is
// held as coefficients of four bytes beside its samples.
func jpegBytes(frame []byte, progressive bool) float64 {
	if len(frame) < 6 {
		return 15
	}
	n := int(frame[5])
	var sum, h, v float64
	for i := range n {
		if len(frame) < 9+3*i {
			return 15
		}
		ch, cv := float64(frame[7+3*i]>>4), float64(frame[7+3*i]&15)
		sum, h, v = sum+ch*cv, max(h, ch), max(v, cv)
	}
	if h == 0 || v == 0 {
		return 15
	}
	per := sum / (h * v)
	if progressive {
		per *= 5
	}
	if n == 4 {
		per += 4
	}
	return per
}

// orientation reads the tag of that name from an EXIF block, 0 where it has none.
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	count := int64(order.Uint16(tiff[at:]))
	for i := range count {
		e := at + 2 + 12*i
		if e+12 > int64(len(tiff)) {
			return 0
		}
		if order.Uint16(tiff[e:]) == 0x0112 && order.Uint16(tiff[e+2:]) == 3 {
			if v := int(order.Uint16(tiff[e+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 0
		}
	}
	return 0
}
