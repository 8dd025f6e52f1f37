/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of `usb:` URIs.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "driver/usb_uri.h"
#include "toe/toe_err.h"

static struct toe_usb_uri uri;
static char message[256];

static int parse(const char *text) {
  message[0] = '\0';
  return toe_usb_uri_parse(text, &uri, message, sizeof message);
}

Test(usb_uri, no_option_is_any_board_on_its_uart) {
  cr_assert_eq(parse("usb:"), 0);
  cr_expect_eq(uri.vid, 0x0403);
  cr_expect_eq(uri.pid, 0x6010);
  cr_expect_null(uri.serial);
  cr_expect_null(uri.path);
  cr_expect_eq(uri.mode, FTDI_UART);
  cr_expect_eq(uri.baud, 3000000);
  cr_expect_eq(uri.ip, 0);
}

Test(usb_uri, every_option) {
  cr_assert_eq(parse("usb:serial=FT6ABC,path=1-2.4,vid=0403,pid=abcd,mode=fifo,baud=115200,"
                     "ip=10.0.0.2/24,gw=10.0.0.1,mac=02:00:00:00:00:02,mtu=9000"),
               0, "%s", message);
  cr_expect_str_eq(uri.serial, "FT6ABC");
  cr_expect_str_eq(uri.path, "1-2.4");
  cr_expect_eq(uri.pid, 0xabcd);
  cr_expect_eq(uri.mode, FTDI_FIFO);
  cr_expect_eq(uri.baud, 115200);
  cr_expect_eq(uri.ip, 0x0a000002);
  cr_expect_eq(uri.netmask, 0xffffff00);
  cr_expect_eq(uri.gateway, 0x0a000001);
  cr_expect_arr_eq(uri.mac, "\x02\0\0\0\0\x02", 6);
  cr_expect_eq(uri.mtu, 9000);
}

Test(usb_uri, what_cannot_be_is_said_with_what_could) {
  cr_expect_eq(parse("usb:mode=jtag"), TOE_ERR_URI);
  cr_expect_not_null(strstr(message, "uart or fifo"));
  cr_expect_eq(parse("usb:color=red"), TOE_ERR_URI);
  cr_expect_not_null(strstr(message, "serial path vid pid mode baud"));
  cr_expect_eq(parse("usb:serial"), TOE_ERR_URI);
  cr_expect_not_null(strstr(message, "name=value"));
  cr_expect_eq(parse("usb:vid=10403"), TOE_ERR_URI);
  cr_expect_eq(parse("usb:path=there"), TOE_ERR_URI);
  cr_expect_eq(parse("usb:serial="), TOE_ERR_URI);
  cr_expect_eq(parse("usb:mtu=500"), TOE_ERR_URI);
  cr_expect_eq(parse("usb:ip=10.0.0.2"), TOE_ERR_URI);
  cr_expect_eq(parse("sim:"), TOE_ERR_URI);
}

/* AN 120: 12 MHz divided by 1, 1.5, or any number of eighths from 2 on. */
Test(usb_uri, rates_that_the_chip_cannot_make_are_refused) {
  cr_expect(ftdi_can_make(12000000));
  cr_expect(ftdi_can_make(8000000));
  cr_expect(ftdi_can_make(6000000));
  cr_expect(ftdi_can_make(3000000));
  cr_expect(ftdi_can_make(115200));
  cr_expect(ftdi_can_make(9600));
  cr_expect_not(ftdi_can_make(10000000));
  cr_expect_not(ftdi_can_make(7000000));
  cr_expect_not(ftdi_can_make(0));
  cr_expect_not(ftdi_can_make(300));
  cr_expect_not(ftdi_can_make(24000000));
  cr_expect_eq(parse("usb:baud=10000000"), TOE_ERR_URI);
}
