// The same messages packed and unpacked by the OpenIGTLink library itself: a line of JSON for each, seconds for one.
//
// usage: openigtlink SECONDS
//
// Packing makes the message from pixels that lie elsewhere, CRC included; unpacking begins with bytes in the library's own
// buffer, where its sockets put them, and checks the CRC ("unpack") or leaves it out ("unchecked").

#include <igtlImageMessage.h>
#include <igtlMessageHeader.h>
#include <igtlTransformMessage.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

static double seconds;
// Bytes of a header, of every version.
static const size_t HEADER_SIZE = 58;

static double best(const std::function<void()> &work) {
  using clock = std::chrono::steady_clock;
  double least = 1e9;
  auto began = clock::now();
  for (;;) {
    auto one = clock::now();
    work();
    auto now = clock::now();
    least = std::min(least, std::chrono::duration<double>(now - one).count());
    if (std::chrono::duration<double>(now - began).count() > seconds)
      return least;
  }
}

static igtl::TransformMessage::Pointer transform() {
  igtl::Matrix4x4 matrix;
  igtl::IdentityMatrix(matrix);
  auto message = igtl::TransformMessage::New();
  message->SetDeviceName("ProbeToTracker");
  message->SetMatrix(matrix);
  message->Pack();
  return message;
}

static igtl::ImageMessage::Pointer image(int i, int j, int k, const std::vector<char> &pixels) {
  int size[3] = {i, j, k}, offset[3] = {0, 0, 0};
  float spacing[3] = {1, 1, 1};
  auto message = igtl::ImageMessage::New();
  message->SetDimensions(size);
  message->SetSpacing(spacing);
  message->SetScalarType(igtl::ImageMessage::TYPE_UINT8);
  message->SetDeviceName("Image");
  message->SetSubVolume(size, offset);
  message->AllocateScalars();
  std::memcpy(message->GetScalarPointer(), pixels.data(), pixels.size());
  message->Pack();
  return message;
}

// The body lies in the buffer before and after; only what is done with it counts.
template <class Message> static double unpack(const std::vector<char> &bytes, int check) {
  std::vector<char> body(bytes.begin() + HEADER_SIZE, bytes.end());
  return best([&] {
    auto header = igtl::MessageHeader::New();
    header->InitPack();
    std::memcpy(header->GetPackPointer(), bytes.data(), header->GetPackSize());
    header->Unpack();
    auto message = Message::New();
    message->SetMessageHeader(header);
    message->AllocatePack();
    std::memcpy(message->GetPackBodyPointer(), body.data(), message->GetPackBodySize());
    if (!(message->Unpack(check) & igtl::MessageHeader::UNPACK_BODY))
      std::abort();
  });
}

template <class Message, class Make> static void row(const char *name, Make make) {
  auto message = make();
  auto begin = static_cast<const char *>(message->GetPackPointer());
  std::vector<char> bytes(begin, begin + message->GetPackSize());
  double pack = best([&] { make(); });
  std::printf("{\"name\": \"%s\", \"pack\": %.9f, \"unpack\": %.9f, \"unchecked\": %.9f}\n", name, pack,
              unpack<Message>(bytes, 1), unpack<Message>(bytes, 0));
  std::fflush(stdout);
}

int main(int, char **arguments) {
  seconds = std::atof(arguments[1]);
  std::vector<char> flat(640 * 480), volume(256 * 256 * 256);
  for (auto pixels : {&flat, &volume})
    for (size_t at = 0; at < pixels->size(); at++)
      (*pixels)[at] = static_cast<char>(at);
  row<igtl::TransformMessage>("TRANSFORM", transform);
  row<igtl::ImageMessage>("IMAGE 640x480", [&] { return image(640, 480, 1, flat); });
  row<igtl::ImageMessage>("IMAGE 256^3", [&] { return image(256, 256, 256, volume); });
}
