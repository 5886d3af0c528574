package switchboard

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Context
import android.content.Intent
import android.media.AudioAttributes
import android.media.RingtoneManager
import android.os.Build
import android.os.Bundle
import androidx.core.app.NotificationCompat
import androidx.core.app.Person
import com.example.phone.R // the app's namespace, of android/app/build.gradle.kts

/** What the system shows of calls. The words are the app's: res/values/switchboard.xml. */
object Notifications {
    const val CALL_ID = 7301
    private const val MISSED_ID = 7302
    const val DECLINING_ID = 7303
    private const val RING_CHANNEL = "switchboard_ring"
    private const val TALK_CHANNEL = "switchboard_talk"
    private const val MISSED_CHANNEL = "switchboard_missed"

    fun ringing(context: Context, ring: Ring): Notification {
        createChannels(context)
        val screen = RingActivity.intent(context, ring)
        val notification = NotificationCompat.Builder(context, RING_CHANNEL)
            .setSmallIcon(R.drawable.switchboard_call)
            .setCategory(NotificationCompat.CATEGORY_CALL)
            .setPriority(NotificationCompat.PRIORITY_MAX)
            .setVisibility(NotificationCompat.VISIBILITY_PUBLIC)
            .setOngoing(true)
            .setOnlyAlertOnce(true)
            .setAutoCancel(false)
            .setTimeoutAfter(maxOf(1L, ring.leftMs))
            .setContentTitle(nameOf(context, ring))
            .setContentText(context.getString(kindOf(ring.isVideo)))
            .setContentIntent(activity(context, screen, 1))
            .setFullScreenIntent(activity(context, screen, 1), true)
            .setStyle(
                NotificationCompat.CallStyle
                    .forIncomingCall(
                        Person.Builder().setName(nameOf(context, ring)).setImportant(true).build(),
                        broadcast(context, RingActionReceiver.DECLINE, ring.toBundle(), 2),
                        // An activity at once: a receiver may not open one.
                        activity(context, MainActivity.answerIntent(context, ring), 3),
                    )
                    .setIsVideo(ring.isVideo),
            )
            .build()
        notification.flags = notification.flags or Notification.FLAG_INSISTENT
        return notification
    }

    fun talking(context: Context, id: String, name: String): Notification {
        createChannels(context)
        val shown = name.ifBlank { context.getString(R.string.switchboard_somebody) }
        val open = Intent(context, MainActivity::class.java)
            .addFlags(Intent.FLAG_ACTIVITY_SINGLE_TOP)
        val extras = Bundle().apply { putString("id", id) }
        return NotificationCompat.Builder(context, TALK_CHANNEL)
            .setSmallIcon(R.drawable.switchboard_call)
            .setCategory(NotificationCompat.CATEGORY_CALL)
            .setOngoing(true)
            .setUsesChronometer(true)
            .setContentTitle(shown)
            .setContentIntent(activity(context, open, 4))
            .setStyle(
                NotificationCompat.CallStyle.forOngoingCall(
                    Person.Builder().setName(shown).build(),
                    broadcast(context, RingActionReceiver.HANG_UP, extras, 5),
                ),
            )
            .build()
    }

    /** Quiet, and for as long as a network is missing: a foreground service has to show something. */
    fun declining(context: Context): Notification {
        createChannels(context)
        return NotificationCompat.Builder(context, TALK_CHANNEL)
            .setSmallIcon(R.drawable.switchboard_call)
            .setSilent(true)
            .setOngoing(true)
            .setContentTitle(context.getString(R.string.switchboard_declining))
            .build()
    }

    /** Under the call's id: it takes the place of one that was shown before. */
    fun showMissed(context: Context, id: String, title: String?, body: String) {
        createChannels(context)
        val open = Intent(context, MainActivity::class.java)
            .addFlags(Intent.FLAG_ACTIVITY_SINGLE_TOP)
        val notification = NotificationCompat.Builder(context, MISSED_CHANNEL)
            .setSmallIcon(R.drawable.switchboard_call)
            .setCategory(NotificationCompat.CATEGORY_MISSED_CALL)
            .setContentTitle(title ?: body)
            .setContentText(if (title == null) null else body)
            .setAutoCancel(true)
            .setContentIntent(activity(context, open, 4))
            .build()
        context.getSystemService(NotificationManager::class.java).notify(id, MISSED_ID, notification)
    }

    fun nameOf(context: Context, ring: Ring): String =
        ring.name ?: context.getString(R.string.switchboard_somebody)

    fun kindOf(isVideo: Boolean): Int =
        if (isVideo) R.string.switchboard_video_call else R.string.switchboard_call

    private fun activity(context: Context, intent: Intent, code: Int): PendingIntent =
        PendingIntent.getActivity(context, code, intent, FLAGS)

    private fun broadcast(
        context: Context,
        action: String,
        extras: Bundle,
        code: Int,
    ): PendingIntent {
        val intent = Intent(context, RingActionReceiver::class.java)
            .setAction(action)
            .putExtras(extras)
        return PendingIntent.getBroadcast(context, code, intent, FLAGS)
    }

    private const val FLAGS = PendingIntent.FLAG_UPDATE_CURRENT or PendingIntent.FLAG_IMMUTABLE

    private fun createChannels(context: Context) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.O) return
        val ring = NotificationChannel(
            RING_CHANNEL,
            context.getString(R.string.switchboard_ring_channel),
            NotificationManager.IMPORTANCE_HIGH,
        )
        ring.lockscreenVisibility = Notification.VISIBILITY_PUBLIC
        ring.enableVibration(true)
        ring.vibrationPattern = longArrayOf(0, 1000, 1000)
        ring.setSound(
            RingtoneManager.getDefaultUri(RingtoneManager.TYPE_RINGTONE),
            AudioAttributes.Builder()
                .setUsage(AudioAttributes.USAGE_NOTIFICATION_RINGTONE)
                .setContentType(AudioAttributes.CONTENT_TYPE_SONIFICATION)
                .build(),
        )
        val talk = NotificationChannel(
            TALK_CHANNEL,
            context.getString(R.string.switchboard_talk_channel),
            NotificationManager.IMPORTANCE_DEFAULT,
        )
        talk.setSound(null, null)
        val missed = NotificationChannel(
            MISSED_CHANNEL,
            context.getString(R.string.switchboard_missed_channel),
            NotificationManager.IMPORTANCE_DEFAULT,
        )
        context.getSystemService(NotificationManager::class.java)
            .createNotificationChannels(listOf(ring, talk, missed))
    }
}
