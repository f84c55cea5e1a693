using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Tests.Sites;
using Lovage.Diagnostics;
using Lovage.Specification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lovage.Dashboard.Tests;

/// <summary>When the sampler looks at the storage.</summary>
public sealed class SamplerTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Look_NoStreamIsOpen_SignalsHastenNothing()
    {
        await using var site = await ConsoleSite.StartAsync();
        using var sampler = await Looks.StartAsync(site);

        await EnqueueAsync(site);
        sampler.Time.Advance(ConsoleSampler.Slow - Tick);
        Assert.Equal(1, sampler.Count);
        sampler.Time.Advance(Tick);
        await sampler.NextAsync();
    }

    [Fact]
    public async Task Look_AStreamIsOpenAndNothingHappens_ComesEachSecond()
    {
        await using var site = await ConsoleSite.StartAsync();
        using var sampler = await Looks.StartAsync(site);
        using var stream = await sampler.OpenAsync();

        for (var second = 0; second < 5; second++)
        {
            var count = sampler.Count;
            sampler.Time.Advance(ConsoleSampler.Fast - Tick);
            Assert.Equal(count, sampler.Count);
            sampler.Time.Advance(Tick);
            await sampler.NextAsync();
        }
    }

    [Fact]
    public async Task Look_AJobComesWhileAStreamIsOpen_ComesAfterTheGap()
    {
        await using var site = await ConsoleSite.StartAsync();
        using var sampler = await Looks.StartAsync(site);
        using var stream = await sampler.OpenAsync();

        await sampler.HastenAsync(() => EnqueueAsync(site));
        sampler.Time.Advance(ConsoleSampler.Gap - Tick);
        Assert.Equal(2, sampler.Count);
        sampler.Time.Advance(Tick);
        await sampler.NextAsync();

        // Nothing has happened since.
        sampler.Time.Advance(ConsoleSampler.Fast - Tick);
        Assert.Equal(3, sampler.Count);
    }

    [Fact]
    public async Task Look_SignalsWithoutEnd_ComesFiveTimesASecond()
    {
        await using var site = await ConsoleSite.StartAsync();
        using var sampler = await Looks.StartAsync(site);
        using var stream = await sampler.OpenAsync();
        var (start, count) = (sampler.Time.GetUtcNow(), sampler.Count);

        while (sampler.Time.GetUtcNow() - start < TimeSpan.FromSeconds(2))
        {
            await sampler.HastenAsync(async () =>
            {
                for (var i = 0; i < 20; i++)
                {
                    await EnqueueAsync(site);
                }
            });
            sampler.Time.Advance(ConsoleSampler.Gap);
            await sampler.NextAsync();
        }

        Assert.Equal(10, sampler.Count - count);
    }

    [Fact]
    public async Task Look_SignalComesLate_ComesAtOnce()
    {
        await using var site = await ConsoleSite.StartAsync();
        using var sampler = await Looks.StartAsync(site);
        using var stream = await sampler.OpenAsync();

        sampler.Time.Advance(ConsoleSampler.Fast - Tick);
        await EnqueueAsync(site);
        await sampler.NextAsync();
        Assert.Equal(3, sampler.Count);
    }

    [Fact]
    public async Task Look_TheLastStreamCloses_SignalsHastenNothingMore()
    {
        await using var site = await ConsoleSite.StartAsync();
        using var sampler = await Looks.StartAsync(site);
        (await sampler.OpenAsync()).Dispose();
        sampler.Time.Advance(ConsoleSampler.Fast);
        await sampler.NextAsync();

        await EnqueueAsync(site);
        sampler.Time.Advance(ConsoleSampler.Slow - Tick);
        Assert.Equal(3, sampler.Count);
    }

    private static async Task EnqueueAsync(ConsoleSite site) =>
        await site.Client.EnqueueAsync(Job.Create("mail.send") with { Queue = "mail" }, Cancel);

    /// <summary>A sampler over the site's storage whose clock the test moves.</summary>
    private sealed class Looks : IDisposable
    {
        private readonly ConsoleSampler _sampler;
        private readonly SemaphoreSlim _looked = new(0);

        private Looks(ConsoleSite site) =>
            _sampler = new ConsoleSampler(site.Jobs, Time, NullLoggerFactory.Instance.Guarded("Lovage.Dashboard"));

        internal ManualTimeProvider Time { get; } = new();

        internal long Count => _sampler.Looks;

        internal static async Task<Looks> StartAsync(ConsoleSite site)
        {
            var looks = new Looks(site);
            looks._sampler.Start(_ =>
            {
                looks._looked.Release();
                return Task.CompletedTask;
            });
            await looks.NextAsync();
            return looks;
        }

        /// <summary>Opens a stream, which makes the sampler look at once.</summary>
        internal async Task<IDisposable> OpenAsync()
        {
            var stream = _sampler.KeepFast();
            await NextAsync();
            return stream;
        }

        /// <summary>Waits until it has looked and waits again.</summary>
        internal async Task NextAsync()
        {
            await _looked.WaitAsync(Cancel);
            await Time.TimerSetAsync();
        }

        /// <summary>Does what sends signals, and waits until the sampler waits for the rest of the gap.</summary>
        internal async Task HastenAsync(Func<Task> act)
        {
            var gap = Time.NextTimerSetAsync();
            await act();
            await gap;
        }

        public void Dispose()
        {
            _sampler.Stop();
            _looked.Dispose();
        }
    }
}
