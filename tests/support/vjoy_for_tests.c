/*
 * A vJoyInterface.dll for tests: it appends what it is asked for to the file that ACBRIDGE_VJOY_LOG names.
 * VJOY_STATUS, VJOY_VERSIONS (two hexadecimal numbers), VJOY_LACKS (HID usage of an axis) and VJOY_LOST (the number of
 * positions it takes) make it behave badly.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#define API __declspec(dllexport)

/* JOYSTICK_POSITION_V2 of vJoy's public.h. */
typedef struct {
    BYTE bDevice;
    LONG wThrottle, wRudder, wAileron, wAxisX, wAxisY, wAxisZ, wAxisXRot, wAxisYRot, wAxisZRot, wSlider, wDial, wWheel;
    LONG wAxisVX, wAxisVY, wAxisVZ, wAxisVBRX, wAxisVBRY, wAxisVBRZ;
    LONG lButtons;
    DWORD bHats, bHatsEx1, bHatsEx2, bHatsEx3;
    LONG lButtonsEx1, lButtonsEx2, lButtonsEx3;
} Position;

static int positions;

static void note(const char *format, ...)
{
    FILE *file = fopen(getenv("ACBRIDGE_VJOY_LOG"), "a");
    va_list values;
    if (file == NULL)
        return;
    va_start(values, format);
    vfprintf(file, format, values);
    va_end(values);
    fputc('\n', file);
    fclose(file);
}

static unsigned long number(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoul(text, NULL, 16);
}

API BOOL vJoyEnabled(void) { return number("VJOY_ENABLED", 1); }

API BOOL DriverMatch(WORD *dll, WORD *driver)
{
    *dll = 0x219;
    *driver = (WORD)number("VJOY_DRIVER", 0x219);
    return *dll == *driver;
}

API int GetVJDStatus(UINT device) { return (int)number("VJOY_STATUS", 1); }

API BOOL GetVJDAxisExist(UINT device, UINT axis) { return axis != number("VJOY_LACKS", 0); }

API int GetVJDButtonNumber(UINT device) { return 8; }

API BOOL AcquireVJD(UINT device)
{
    note("acquired %u", device);
    return TRUE;
}

API BOOL UpdateVJD(UINT device, Position *p)
{
    if (++positions > (int)number("VJOY_LOST", 0x7fffffff))
        return FALSE;
    note("position %u %u %ld %ld %ld %ld %ld %lx", device, p->bDevice, p->wAxisX, p->wAxisY, p->wAxisZ, p->wAxisZRot,
         p->lButtons, p->bHats & p->bHatsEx1 & p->bHatsEx2 & p->bHatsEx3);
    return TRUE;
}

API void RelinquishVJD(UINT device) { note("relinquished %u", device); }
